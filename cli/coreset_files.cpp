#include "coreset_files.hpp"

#include <vector>

namespace momentset::cli {

CoresetFiles::CoresetFiles(const std::string& output, const std::string& certificate, bool overwrite, bool certified)
    : format_(io::format_of(output)) {
  const bool to_stdout = output == "-";
  if (certified) certificate_path_ = certificate;
  if (certified && certificate.empty() && !to_stdout) certificate_path_ = output + ".certificate.json";
  if (!to_stdout) output_.emplace("--output", output, overwrite);
  if (!certificate_path_.empty()) certificate_.emplace("--certificate", certificate_path_, overwrite);
}

void CoresetFiles::write_certificate(const std::string& json) const {
  if (certificate_) certificate_->write(json);
}

void CoresetFiles::commit(TargetFile* other) {
  std::vector<TargetFile*> files;
  if (certificate_) files.push_back(&*certificate_);
  if (output_) files.push_back(&*output_);
  if (other) files.push_back(other);
  TargetFile::commit(files);
}

}  // namespace momentset::cli
