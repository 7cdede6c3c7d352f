#include "read_ahead.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace momentset::cli {
namespace {

/// Batches between the two threads: of 32 MB at most, those being visited included, or a single larger one.
class BatchQueue {
 public:
  struct Item {
    io::Features batch;
    std::int64_t first_row;
    std::size_t bytes;
  };

  /// Waits for room. False once nobody takes any more.
  bool put(const io::Features& batch, std::int64_t first_row) {
    const std::size_t bytes = batch.points.coordinates.size() * sizeof(double);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || held_ == 0 || held_ + bytes <= most_bytes; });
    if (closed_) return false;
    held_ += bytes;
    items_.push_back({batch, first_row, bytes});
    changed_.notify_all();
    return true;
  }
  /// No more will be put.
  void end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  /// Waits for a batch; nothing after the last one.
  std::optional<Item> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  void visited(const Item& item) {
    const std::scoped_lock lock(mutex_);
    held_ -= item.bytes;
    changed_.notify_all();
  }
  /// No more will be taken.
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t most_bytes = 32 << 20;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t held_ = 0;
  bool ended_ = false, closed_ = false;
};

}  // namespace

std::vector<std::string> read_ahead(const io::Table& table, const io::ReadOptions& options, std::int64_t first_row,
                                    const std::function<void(const io::Features&, std::int64_t)>& visit) {
  BatchQueue queue;
  std::vector<std::string> notices;
  std::exception_ptr failure;
  std::thread reader([&] {
    try {
      notices = table.read_batches(options, first_row,
                                   [&](const io::Features& batch, std::int64_t row) { return queue.put(batch, row); });
    } catch (...) {
      failure = std::current_exception();
    }
    queue.end();
  });
  try {
    while (const auto item = queue.take()) {
      visit(item->batch, item->first_row);
      queue.visited(*item);
    }
  } catch (...) {
    queue.close();
    reader.join();
    throw;
  }
  reader.join();
  if (failure) std::rethrow_exception(failure);
  return notices;
}

}  // namespace momentset::cli
