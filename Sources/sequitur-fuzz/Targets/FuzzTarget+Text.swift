import JSONFields
import Sequitur
import SequiturAudit
import SequiturFollower
import SequiturJSON
import SequiturSettings

/// JSON documents, and small texts with a form of their own.
extension FuzzTarget {
  static let json = FuzzTarget(
    "json", "JSON documents: the reader that decides against the audit's",
    corpus: [
      [#"{"a":1,"b":"x","c":[1,2.5e3,-0,{"d":null}],"e":true}"#], [#" { "a" : "\u00e9\n\ud83d\ude00" } "#],
      ["{}"],
      [#"{"a":12345678901234567890,"b":-9223372036854775808,"c":1e-7}"#],
      [#"{"\u0061":1,"a":{"a":[[[[]]]]}}"#],
    ],
    words: [
      "\\\"", "\\u", "\\ud800", "\\udc00", "1e400", "01", "+1", "1.", ".5", "NaN", "nul", "[[[[[[[[",
      "]]]]]]]]",
      "{\"a\":", "//", "/*",
    ],
    makeReader: {
      let documents = FuzzedDocuments()
      return { parts throws(FuzzFinding) in try documents.read(parts.first ?? []) }
    })

  static let texts = FuzzTarget(
    "texts", "tokens, versions, fingerprints, sizes and times as texts",
    corpus: [
      ["3-1042"], ["0-0"], ["any"], ["12"], ["exists"], ["order@1/0123456789abcdef0123456789abcdef"],
      ["1=0123456789abcdef0123456789abcdef,2=00112233445566778899aabbccddeeff"], ["64MB"], ["1.5GiB"],
      ["15s"], ["2h"], ["250ms"],
      ["122:0123456789abcdef0123456789abcdef"], ["10-20,30-40"],
    ],
    words: ["-", ":", "=", ",", "@", "/", "ms", "MB", "none", "2147483648", "00"],
    makeReader: { { parts throws(FuzzFinding) in try FuzzedTexts.read(parts.first ?? []) } })
}

private final class FuzzedDocuments {
  private let reader = JSONReader()
  private let names = NameTable(["a", "b", "c", "e", "d"])
  private let values: UnsafeMutablePointer<csj_value>

  init() {
    values = .allocate(capacity: names.valueCount)
    values.initialize(repeating: csj_value(), count: names.valueCount)
  }

  deinit { values.deallocate() }

  func read(_ bytes: [UInt8]) throws(FuzzFinding) {
    let (code, isObject, members) = bytes.withUnsafeBytes { bytes in
      let code = reader.read(bytes, names, into: values)
      // Whatever the bytes are, the members come to an end, and have names.
      let members = JSONMembers(bytes).reduce(0) { count, member in
        _ = member.nameText
        return count + 1
      }
      return (code, AuditJSON.isObject(bytes), members)
    }
    try require(
      (code == CSJ_OK) == isObject,
      "the decider's reader says `\(JSONReader.message(code))`, the audit's \(isObject ? "takes" : "refuses") it"
    )
    if code == CSJ_OK {
      try require(members <= bytes.count, "\(members) members in \(bytes.count) bytes")
    }
    // The third reader takes more: deeper ones, and numbers beyond a double's.
    let isTaken = bytes.withUnsafeBytes { bytes in (try? JSONSyntax.checkObject(bytes)) != nil }
    try require(isTaken || !isObject, "the reader of deciders in Swift refuses it, and the audit's does not")
  }
}

private enum FuzzedTexts {
  static func read(_ bytes: [UInt8]) throws(FuzzFinding) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let token = CommandToken(text) {
      try require(CommandToken(token.description) == token, "the token \(token) is read as another one")
    }
    if let fingerprint = DeciderFingerprint(text) {
      try require(
        DeciderFingerprint(fingerprint.description) == fingerprint,
        "the fingerprint \(fingerprint) is read as another one")
    }
    _ = StateForms(text)
    _ = ByteCount.parse(text)
    _ = DurationText.parse(text)
    let last = bytes.withUnsafeBytes { bytes in
      _ = ExpectedVersion(bytes)
      _ = PositionMove.decode(bytes)
      return LastCommand(decoding: bytes)
    }
    try require(last?.offset ?? 0 >= 0, "a last command at a negative offset")
  }
}
