internal import CRocksDB

extension RocksDBError.Code {
  /// Reads the code from a status text, as `Status::ToString` of 7.8 writes it.
  ///
  /// The C API hands out nothing but this text, so the prefixes are the contract.
  init(statusText text: String) {
    if text.contains("lock hold by current process") || text.contains("While lock file") {
      self = .lockHeld
    } else if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
      self = .noSpace
    } else if text.hasPrefix("IO error: No such file") && text.contains("/MANIFEST-") {
      // CURRENT names it, so its absence is damage, as the absence of a table is to RocksDB itself.
      self = .corruption
    } else {
      self = Self.prefixes.first { text.hasPrefix($0.text) }?.code ?? .other
    }
  }

  private static let prefixes: [(text: String, code: Self)] = [
    ("Corruption", .corruption),
    ("IO error", .ioError),
    ("Resource busy", .busy),
    ("Invalid argument", .invalidArgument),
    ("NotFound", .notFound),
    ("Operation aborted", .aborted),
    ("Shutdown in progress", .shuttingDown),
    ("Column family dropped", .columnFamilyDropped),
  ]
}

/// Where RocksDB's C functions leave a malloc'ed error text (`char** errptr`).
typealias ErrorSlot = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Calls C with an empty error slot and throws what it finds there afterwards.
///
/// The one place that knows the convention: NULL on entry, NULL on success, otherwise a text
/// that the caller frees with `rocksdb_free`.
@inline(__always)
func checked<Result>(
  _ operation: @autoclosure () -> String, _ path: @autoclosure () -> String,
  _ call: (ErrorSlot) -> Result
) throws(RocksDBError) -> Result {
  var text: UnsafeMutablePointer<CChar>?
  let result = call(&text)
  guard let text else { return result }
  throw takeError(text, operation(), path())
}

/// Turns a C error text into an error, and frees the text.
func takeError(_ text: UnsafeMutablePointer<CChar>, _ operation: String, _ path: String) -> RocksDBError {
  let detail = String(cString: text)
  rocksdb_free(text)
  return RocksDBError(
    code: RocksDBError.Code(statusText: detail), operation: operation, path: path, detail: detail)
}
