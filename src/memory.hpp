#pragma once

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace momentset {

/// Bytes of memory that this process may have: of the machine, or of the control group that it runs in. Only for saying
/// no to what cannot be: results never depend on it.
inline double available_memory() {
  double bytes = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
  std::ifstream limit("/sys/fs/cgroup/memory.max");  // "max" where there is none
  if (double stated = 0; limit >> stated) bytes = std::min(bytes, stated);
  return bytes;
}

}  // namespace momentset
