/// What RocksDB, or this module's own guard in front of it, refused to do.
///
/// The message reads "Expected to <goal>, but <fact>" and names the path.
/// Every throwing function of this module throws this type and no other.
public struct RocksDBError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The class of failure, taken from the front of RocksDB's status text.
  public var code: Code
  /// The goal, as a phrase that follows "Expected to": "open the database".
  public var operation: String
  /// The directory or file the operation was about.
  public var path: String
  /// The fact: RocksDB's status text unchanged, or this module's own words.
  public var detail: String

  /// Creates an error; the module does it, and so may a test double.
  public init(code: Code, operation: String, path: String, detail: String) {
    self.code = code
    self.operation = operation
    self.path = path
    self.detail = detail
  }

  public var description: String {
    "Expected to \(operation) at \(path), but \(detail)"
  }

  /// Another handle, in this process or in another one, has the directory open.
  public var isLockHeld: Bool { code == .lockHeld }
  /// The disk or the quota is full; writes fail until the database is opened again.
  public var isNoSpace: Bool { code == .noSpace }
  /// The files contradict each other, a checksum, or their own format.
  public var isCorruption: Bool { code == .corruption }
  /// The file system or its permissions forbid writing at `path`.
  public var isReadOnly: Bool {
    code == .ioError && RocksDBError.readOnlyTexts.contains { detail.contains($0) }
  }

  /// `strerror` of EACCES, EPERM and EROFS, which end RocksDB's text.
  private static let readOnlyTexts = [
    "Permission denied", "Operation not permitted", "Read-only file system",
  ]
}

extension RocksDBError {
  /// A class of failure: extensible, so compare and keep a default branch.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The code's name, in camel case.
    public var description: String

    /// Makes a code that this module does not know.
    public init(_ name: String) { description = name }

    /// `Status::Corruption`, and files missing that the database needs.
    public static let corruption = Code("corruption")
    /// `Status::IOError` without a more precise code.
    public static let ioError = Code("ioError")
    /// `Status::NoSpace`.
    public static let noSpace = Code("noSpace")
    /// `Status::IOError` from taking the `LOCK` file.
    public static let lockHeld = Code("lockHeld")
    /// `Status::Busy`.
    public static let busy = Code("busy")
    /// `Status::InvalidArgument`.
    public static let invalidArgument = Code("invalidArgument")
    /// `Status::NotFound`; a key that is absent is `nil` and not this.
    public static let notFound = Code("notFound")
    /// `Status::Aborted`.
    public static let aborted = Code("aborted")
    /// `Status::ShutdownInProgress`: after ``Database/cancelAllBackgroundWork(wait:)``.
    public static let shuttingDown = Code("shuttingDown")
    /// The ``Database`` was closed before the call.
    public static let closed = Code("closed")
    /// The ``ColumnFamily`` was dropped before the call.
    public static let columnFamilyDropped = Code("columnFamilyDropped")
    /// Any other status: read ``RocksDBError/detail``.
    public static let other = Code("other")
  }
}
