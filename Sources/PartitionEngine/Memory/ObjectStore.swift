import Sequitur

/// The port to the local store of one partition.
///
/// An implementer must answer what the last finished drain (or restore) wrote, and nothing newer or older.
/// It must be called from one thread at a time.
public protocol ObjectStore: AnyObject {
  /// Appends the key's object record to `record` and returns true; returns false when there is none.
  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool
}

/// The store could not answer: never the command's fault. The partition pauses and tries again.
public struct StoreFault: Error, Sendable, CustomStringConvertible {
  public let description: String
  /// Whether waiting cannot help: the store is damaged, or is no longer open. It must be restored anew.
  public let isDamage: Bool

  public init(_ description: String, isDamage: Bool = false) {
    self.description = description
    self.isDamage = isDamage
  }
}
