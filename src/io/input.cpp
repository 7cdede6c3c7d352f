#include "io/input.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "io/failure.hpp"
#include "momentset/error.hpp"

namespace momentset::io {
namespace {

const std::string stdin_name = "standard input";

[[noreturn]] void fail_with_errno(const std::string& name, const std::string& problem) {
  throw Error(name, "", problem + ": " + std::strerror(errno));
}

std::string temporary_directory() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

int open_unnamed_file() {
  const std::string directory = temporary_directory();
  int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  // Not every file system knows O_TMPFILE.
  std::string name = directory + "/momentset-XXXXXX";
  fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) fail_with_errno(stdin_name, "cannot be copied to a temporary file in " + directory);
  ::unlink(name.c_str());
  return fd;
}

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(stdin_name, "cannot be copied to a temporary file in " + temporary_directory());
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

std::int64_t copy_to(int target) {
  std::vector<char> buffer(1 << 20);
  std::int64_t total = 0;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(stdin_name, "cannot be read");
    if (got == 0) return total;
    write_all(target, buffer.data(), static_cast<std::size_t>(got));
    total += got;
  }
}

}  // namespace

struct Input::Spool {
  int fd = -1;
  ~Spool() {
    if (fd >= 0) ::close(fd);
  }
};

Input Input::file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail_with_errno(path, "cannot be read");
  if (S_ISDIR(status.st_mode)) throw Error(path, "", "must be a file, is a directory");
  // Two passes need a file that can be read again, and opening a FIFO could wait for ever.
  if (!S_ISREG(status.st_mode)) throw Error(path, "", "must be a regular file; pipe CSV into - instead");
  Input input;
  input.path_ = input.name_ = path;
  input.bytes_ = status.st_size;
  return input;
}

Input Input::standard_input() {
  Input input;
  input.path_ = "-";
  input.name_ = stdin_name;
  input.spool_ = std::make_shared<Spool>();
  input.spool_->fd = open_unnamed_file();
  input.bytes_ = copy_to(input.spool_->fd);
  return input;
}

std::shared_ptr<arrow::io::ReadableFile> Input::open() const {
  if (!spool_) return unwrap(name_, "cannot be read", arrow::io::ReadableFile::Open(path_));
  const int fd = ::fcntl(spool_->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) fail_with_errno(name_, "cannot be read");
  auto stream = unwrap(name_, "cannot be read", arrow::io::ReadableFile::Open(fd));
  check(name_, "cannot be read", stream->Seek(0));
  return stream;
}

std::vector<std::string> expand(const std::vector<std::string>& inputs) {
  std::vector<std::string> paths;
  for (const std::string& input : inputs) {
    struct stat status {};
    const bool is_glob = input.find_first_of("*?[") != std::string::npos && ::stat(input.c_str(), &status) != 0;
    if (!is_glob) {
      paths.push_back(input);
      continue;
    }
    glob_t matches{};
    const int outcome = ::glob(input.c_str(), 0, nullptr, &matches);
    if (outcome == 0) paths.insert(paths.end(), matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    ::globfree(&matches);
    if (outcome != 0) throw Error(input, "", "no file matches");
  }
  return paths;
}

}  // namespace momentset::io
