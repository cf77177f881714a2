import CRdKafka
import Glibc

/// What librdkafka's own list says of its properties (`rd_kafka_conf_properties_show`, of the library in use).
///
/// librdkafka reads numbers with `strtol` of base 0 and ignores what follows: `30s` would be 30, `060000` an octal
/// number. So numbers are checked here, by the types of that list.
package enum KafkaProperties {
  struct Entry: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
      case integer
      /// Librdkafka's "float": decimals with a fraction.
      case decimal
      case other
    }

    let kind: Kind
    /// As in the list, such as `1 .. 3600000`; empty when it names none.
    let range: String
    /// The name that this one is an alias for.
    let alias: String?
  }

  /// The name under which librdkafka keeps a property: `acks` is an alias of `request.required.acks`.
  package static func canonicalName(_ name: String) -> String { entries[name]?.alias ?? name }

  /// Why a property's value is no number although it has to be one; nil when nothing is wrong with it.
  static func numberFault(_ name: String, _ value: String) -> String? {
    guard let entry = entries[name], entry.kind != .other, !isSymbol(name, value) else { return nil }
    guard !isPlain(value, fraction: entry.kind == .decimal) else { return nil }
    let range = entry.range.isEmpty ? "" : " (\(entry.range))"
    let example = entry.kind == .decimal ? "30000 or 0.5" : "30000"
    return "the value of \(name) is not a plain decimal number\(range), such as \(example): digits only, "
      + "without units, separators or leading zeros"
  }

  /// Why a property's value is too long a text to be sent; nil when nothing is wrong with it.
  ///
  /// librdkafka sends its length in 16 bits, whatever it is, and the broker closes the connection without a word.
  static func lengthFault(_ name: String, _ value: String) -> String? {
    let count = value.utf8.count
    guard sentTexts.contains(canonicalName(name)), count > sentBytesMax else { return nil }
    return
      "the value of \(name) has \(count) bytes, and the longest text that can be sent has \(sentBytesMax)"
  }

  private static let sentTexts: Set<String> = [
    "client.id", "client.rack", "group.id", "group.instance.id", "transactional.id",
  ]
  /// Of a STRING of Kafka's protocol.
  private static let sentBytesMax = 32_767

  /// `acks` is the one number that may be given as a word.
  private static func isSymbol(_ name: String, _ value: String) -> Bool {
    canonicalName(name) == "request.required.acks" && value == "all"
  }

  private static func isPlain(_ text: String, fraction: Bool) -> Bool {
    let number = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let areDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(digits.contains) }
    guard areDigits, parts.count == 1 || fraction else { return false }
    return parts[0] == "0" || !parts[0].hasPrefix("0")
  }

  /// By name. Of a name that stands in the list twice, the first counts.
  static let entries: [String: Entry] = {
    var entries: [String: Entry] = [:]
    for line in list().split(separator: "\n") {
      let cells = line.split(separator: "|", maxSplits: 5).map { $0.trimmed }
      guard cells.count == 6, let type = cells[5].firstMatch(of: /\*Type: ([^*]+)\*/) else { continue }
      let kind: Entry.Kind =
        switch type.1 {
        case "integer": .integer
        case "float": .decimal
        default: .other
        }
      let alias = cells[5].prefixMatch(of: /Alias for `([^`]+)`/).map { String($0.1) }
      let entry = Entry(kind: kind, range: cells[2], alias: alias == cells[0] ? nil : alias)
      if entries[cells[0]] == nil { entries[cells[0]] = entry }
    }
    return entries
  }()

  private static func list() -> String {
    var bytes: UnsafeMutablePointer<CChar>?
    var count = 0
    guard let stream = open_memstream(&bytes, &count) else { return "" }
    rd_kafka_conf_properties_show(stream)
    fclose(stream)
    defer { free(bytes) }
    return bytes.map { String(cString: $0) } ?? ""
  }
}

extension Substring {
  /// Without the spaces around it.
  fileprivate var trimmed: String {
    let start = drop { $0 == " " }
    return String(start.reversed().drop { $0 == " " }.reversed())
  }
}
