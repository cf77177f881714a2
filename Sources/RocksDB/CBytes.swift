#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// An address for bytes that have none; never read, since the length beside it is zero.
///
/// Immutable memory that lives as long as the process, hence safe to share.
private nonisolated(unsafe) let noBytes = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))

extension UnsafeRawBufferPointer {
  /// The start as C wants it: never NULL, which `Slice::compare` asserts in debug builds.
  @inline(__always)
  var cBytes: UnsafePointer<CChar> {
    guard let baseAddress else { return noBytes }
    return baseAddress.assumingMemoryBound(to: CChar.self)
  }

  /// A view of memory that C returned; `start` may be NULL when `count` is zero.
  @inline(__always)
  init(cBytes start: UnsafePointer<CChar>?, count: Int) {
    self.init(start: start, count: count)
  }
}

/// Lends `strings` as C strings for the length of `body`; frees them afterwards.
func withCStrings<Result, Failure: Error>(
  _ strings: [String], _ body: ([UnsafePointer<CChar>?]) throws(Failure) -> Result
) throws(Failure) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return try body(copies.map { UnsafePointer($0) })
}
