import Foundation
import JSONFields

/// Tells whether bytes are JSON, so that they can be passed on as they are. Thread rule: one thread at a time.
struct JSONValues: ~Copyable {
  private let reader = JSONReader()
  private let names = NameTable([])

  /// Appends the bytes in one line, when they are a JSON document. Numbers keep their digits.
  /// - Returns: false when they are none; then nothing is appended.
  borrowing func append(_ bytes: [UInt8], to text: inout [UInt8]) -> Bool {
    guard isJSON(bytes), String(validating: bytes, as: UTF8.self) != nil else { return false }
    // Line ends stand between tokens only, and would end the line.
    let endsLine = bytes.withUnsafeBytes { all in
      all.baseAddress.map { memchr($0, 10, all.count) != nil || memchr($0, 13, all.count) != nil } ?? false
    }
    if endsLine {
      text.append(contentsOf: bytes.lazy.map { $0 == 10 || $0 == 13 ? 32 : $0 })
    } else {
      text.append(contentsOf: bytes)
    }
    return true
  }

  /// The same as text; nil when they are none.
  borrowing func text(_ bytes: [UInt8]) -> String? {
    var text: [UInt8] = []
    return append(bytes, to: &text) ? String(decoding: text, as: UTF8.self) : nil
  }

  private borrowing func isJSON(_ bytes: [UInt8]) -> Bool {
    if bytes.first == UInt8(ascii: "{") {
      return bytes.withUnsafeBytes { bytes in
        withUnsafeTemporaryAllocation(of: csj_value.self, capacity: max(1, names.valueCount)) { values in
          reader.read(bytes, names, into: values.baseAddress!) == CSJ_OK
        }
      }
    }
    return (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }
}
