import Foundation

/// Makes the C library's allocator give memory back, for a process that is a worker and nothing else.
public enum ProcessMemory {
  /// Call it first thing in `main`, before there are threads.
  ///
  /// glibc keeps an arena for each of up to eight times as many threads as cores, and each keeps what its
  /// thread ever used (mallopt(3), M_ARENA_MAX). Two arenas: RocksDB's and librdkafka's threads meet little.
  /// Large buffers are mapped, so that they go back at once; the threshold would otherwise grow by itself.
  public static func bound() {
    guard let mallopt = function("mallopt", as: (@convention(c) (Int32, Int32) -> Int32).self) else { return }
    _ = mallopt(Option.arenaMax, 2)
    _ = mallopt(Option.mmapThreshold, 1 << 20)
    _ = mallopt(Option.trimThreshold, 8 << 20)
  }

  /// Gives the whole process's free pages back to the system. Takes some milliseconds.
  ///
  /// A worker does so only when it is told to (``WorkerConfiguration/returnsFreeMemory``).
  public static func trim() {
    guard let trim = function("malloc_trim", as: (@convention(c) (Int) -> Int32).self) else { return }
    _ = trim(0)
  }

  /// malloc.h's M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX; Swift's Glibc module leaves it out.
  private enum Option {
    static let trimThreshold: Int32 = -1
    static let mmapThreshold: Int32 = -3
    static let arenaMax: Int32 = -8
  }

  /// A function of the C library; `nil` where it has none of that name, as musl and Darwin do.
  private static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    guard let symbol = dlsym(nil, name) else { return nil }
    return unsafeBitCast(symbol, to: type)
  }
}
