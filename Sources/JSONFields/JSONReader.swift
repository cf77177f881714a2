// A value is handed out as C has it: it is copied by the million, and a second form of it would cost.
@_exported import CSimdJSON

/// Reads the named fields of JSON objects: `csj_reader` of CSimdJSON.h, which says what is checked.
///
/// Thread rule: one thread at a time.
package struct JSONReader: ~Copyable {
  @usableFromInline let reader: OpaquePointer

  package init() {
    guard let reader = csj_reader_create() else {
      preconditionFailure("there is no memory for a JSON reader")
    }
    self.reader = reader
  }

  deinit { csj_reader_destroy(reader) }

  /// Reads the fields; returns `CSJ_OK` or a code, after which the values mean nothing.
  ///
  /// - Parameter values: room for ``NameTable/valueCount``. Strings in them are views that last until the next call.
  @inlinable
  package borrowing func read(
    _ bytes: UnsafeRawBufferPointer, _ names: NameTable, into values: UnsafeMutablePointer<csj_value>
  ) -> Int32 {
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return csj_reader_read(reader, names.table, start, bytes.count, values)
  }

  /// A code as the end of a sentence.
  package static func message(_ code: Int32) -> String { String(cString: csj_message(code)) }
}
