#include "target_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "momentset/error.hpp"

namespace momentset::cli {
namespace {

// What a signal handler may touch: plain memory and atomics. One slot for each file under way.
struct Slot {
  std::atomic<bool> used{false};
  char path[PATH_MAX];
};
std::array<Slot, 4> slots;
std::atomic<bool> committing{false};
std::atomic<int> pending_signal{0};

[[noreturn]] void leave(int signal) {
  for (Slot& slot : slots) {
    if (slot.used.load()) unlink(slot.path);
  }
  constexpr char message[] = "\nmomentset: interrupted, nothing was written\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, sizeof message - 1);
  _exit(128 + signal);
}

void on_signal(int signal) {
  if (committing.load()) {
    pending_signal.store(signal);
  } else {
    leave(signal);
  }
}

int occupy_slot(const std::string& path) {
  for (std::size_t k = 0; k < slots.size(); ++k) {
    if (slots[k].used.load() || path.size() >= sizeof slots[k].path) continue;
    std::memcpy(slots[k].path, path.c_str(), path.size() + 1);
    slots[k].used.store(true);
    return int(k);
  }
  return -1;
}

/// The file that a path stands for: an existing link is followed, so that the link itself stays.
std::string resolved(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) != nullptr ? std::string(buffer) : path;
}

/// Why no file can be made beside `path`.
std::string reason_of(int error, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return error == ENOENT ? "there is no folder " + folder : std::string("cannot be written: ") + std::strerror(error);
}

std::string random_suffix() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::random_device random;
  std::string suffix = ".";
  for (int k = 0; k < 6; ++k) suffix += letters[random() % letters.size()];
  return suffix;
}

}  // namespace

void remove_targets_when_interrupted() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

TargetFile::TargetFile(const std::string& option, const std::string& path, bool overwrite) : target_(resolved(path)) {
  struct stat found {};
  if (stat(target_.c_str(), &found) == 0) {
    if (!S_ISREG(found.st_mode)) throw Error(option, path, "is not a plain file");
    if (!overwrite) throw Error(option, path, "exists already (use --force to replace it)");
  }
  // The name takes its slot before the file is there: an interrupt finds it at whatever moment it comes.
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::string name = target_ + random_suffix();
    slot_ = occupy_slot(name);
    const int file = open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    const int reason = errno;
    if (file >= 0) {
      close(file);
      temporary_ = name;
      return;
    }
    if (slot_ >= 0) slots[std::size_t(slot_)].used.store(false);
    if (reason != EEXIST) throw Error(option, path, reason_of(reason, path));
  }
  throw Error(option, path, "cannot be written: no free name beside it");
}

TargetFile::~TargetFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (slot_ >= 0) slots[std::size_t(slot_)].used.store(false);
}

void TargetFile::write(std::initializer_list<std::string_view> parts) const {
  std::ofstream file(temporary_, std::ios::binary | std::ios::trunc);
  for (const std::string_view part : parts) file << part;
  file.flush();
  if (!file) throw Error(target_, "", std::string("cannot be written: ") + std::strerror(errno));
}

void TargetFile::synchronise() const {
  const int file = open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool failed = file < 0 || fsync(file) != 0;
  const int reason = errno;
  if (file >= 0) close(file);
  if (failed) throw Error(target_, "", std::string("cannot be written: ") + std::strerror(reason));
}

void TargetFile::commit(const std::vector<TargetFile*>& files) {
  for (const TargetFile* file : files) file->synchronise();
  committing.store(true);
  std::string failure;
  for (TargetFile* file : files) {
    if (rename(file->temporary_.c_str(), file->target_.c_str()) != 0) {
      failure = file->target_ + ": cannot be put in place: " + std::strerror(errno);
      break;
    }
    file->temporary_.clear();
    if (file->slot_ >= 0) slots[std::size_t(file->slot_)].used.store(false);
    file->slot_ = -1;
  }
  committing.store(false);
  if (pending_signal.load() != 0) leave(pending_signal.load());
  if (!failure.empty()) throw Error("output", failure, "the file system refused");
}

}  // namespace momentset::cli
