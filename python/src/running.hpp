#pragma once

namespace momentset::python {

/// Counts as a running computation for as long as it lives: fork() looks at their number. The constructor throws Error
/// in a process that was forked while there was one.
class Running {
 public:
  Running();
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
};

}  // namespace momentset::python
