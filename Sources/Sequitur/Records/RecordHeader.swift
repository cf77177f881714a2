/// One header of a record, as a view into memory that its owner keeps alive.
///
/// Unsafe: valid only as long as the record it was read from.
public struct RecordHeader {
  /// The name's bytes, UTF-8, without a terminating NUL.
  public let name: UnsafeRawBufferPointer
  /// The value's bytes; `nil` for a null value.
  public let value: UnsafeRawBufferPointer?

  /// Borrows both; they must outlive the header.
  @inlinable
  public init(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
    self.name = name
    self.value = value
  }

  /// Whether the header has this name.
  @inlinable
  public func isNamed(_ name: StaticString) -> Bool {
    self.name.count == name.utf8CodeUnitCount && self.name.elementsEqual(Self.bytes(of: name))
  }

  @inlinable
  static func bytes(of text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }
}
