import Foundation
import JSONFields

/// Tells whether bytes are JSON, so that they can be passed on as they are. Thread rule: one thread at a time.
struct JSONValues: ~Copyable {
  private let reader = JSONReader()
  private let names = NameTable([])

  /// The bytes in one line, when they are a JSON document; nil when not. Numbers keep their digits.
  borrowing func text(_ bytes: [UInt8]) -> String? {
    guard isJSON(bytes) else { return nil }
    // Line ends stand between tokens only, and would end the line.
    return String(validating: bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
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
