import CSimdJSON
import SeededRandom
import Testing

@testable import SequiturAudit

/// The audit's reader of JSON, by itself and against the engine's.
struct AuditJSONTests {
  private func read(_ bytes: [UInt8], _ names: [String] = ["a", "b"]) -> [AuditValue?]? {
    bytes.withUnsafeBytes { AuditFields(names).read($0) }
  }

  private func read(_ text: String) -> [AuditValue?]? { read(Array(text.utf8)) }

  private func number(_ text: String) -> AuditNumber? {
    Array(text.utf8).withUnsafeBytes { bytes in
      AuditNumber(startOf: bytes).flatMap { $0.textLength == bytes.count ? $0 : nil }
    }
  }

  @Test(arguments: [
    (#"{"a":1,"b":"x"}"#, "1", "'x'"), (#" { "b" : null , "a" : -0.5e1 } "#, "-5.0", "nothing"),
    (#"{"a":{"a":1},"b":[{},[]]}"#, "an object or a list", "an object or a list"),
    (#"{"a":"é\u00e9\n","\u0062":"\ud83d\ude00"}"#, "'éé\n'", "'😀'"), (#"{"a":1,"a":2}"#, "2", "nothing"),
    (#"{"a":12345678901234567890,"b":9223372036854775807}"#, "1.2345678901234567e+19", "9223372036854775807"),
    (#"{"a":10.000000000000000000,"b":1e-400}"#, "10.0", "0.0"), (#"{}"#, "nothing", "nothing"),
  ])
  func `named members are read, the last of several`(text: String, first: String, second: String) {
    #expect(read(text)?.map { $0?.shown ?? "nothing" } == [first, second])
  }

  @Test(arguments: [
    "", " ", "[]", "1", "{", "}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
    "{a:1}",
    "{} x", "{}{}", "{\"a\":tru}", "{\"a\":nulll}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}",
    "{\"a\":-}", "{\"a\":1e}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":1e400}",
    "{\"a\":\"}",
    "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}",
    "{\"a\":\"\\ud800\\u0041\"}",
    "{\"a\":\"\n\"}", "{\"\\q\":1}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":1}\u{0}",
    "\u{feff}{}",
  ])
  func `what is no JSON object is refused`(text: String) {
    #expect(read(text) == nil)
  }

  @Test func `invalid UTF-8 is refused, and nesting beyond 256 levels`() {
    for bytes in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]] as [[UInt8]] {
      #expect(read(Array(#"{"x":""#.utf8) + bytes + Array(#""}"#.utf8)) == nil)
    }
    for (depth, isRead) in [(256, true), (257, false)] {
      let lists = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
      #expect((read("{\"x\":\(lists)}") != nil) == isRead)
    }
  }

  @Test(arguments: [
    ("1", "1.0", 0), ("9007199254740993", "9007199254740992.0", 1),
    ("9223372036854775807", "9223372036854775808", -1),
    ("-9223372036854775808", "-9.223372036854775808e18", 0), ("-1", "-1.5", 1), ("1", "1.5", -1),
    ("-9223372036854775808", "-1e300", 1), ("2", "1e300", -1), ("0", "-0.0", 0), ("0", "5e-324", -1),
  ])
  func `numbers are compared exactly`(first: String, second: String, order: Int) throws {
    let (first, second) = try (#require(number(first)), #require(number(second)))
    #expect(first.order(to: second) == order)
    #expect(second.order(to: first) == -order)
  }

  /// The engine's reader: what became of the members `a` and `b`.
  private final class EngineReader {
    private let reader = csj_reader_create()
    private let names: OpaquePointer?

    init() {
      names = [UInt8(ascii: "a"), UInt8(ascii: "b")].withUnsafeBufferPointer { bytes in
        csj_names_create([bytes.baseAddress, bytes.baseAddress! + 1], [1, 1], 2)
      }
    }

    deinit {
      csj_reader_destroy(reader)
      csj_names_destroy(names)
    }

    func read(_ bytes: [UInt8]) -> [AuditValue?]? {
      var values = [csj_value(), csj_value()]
      guard csj_reader_read(reader, names, bytes, bytes.count, &values) == CSJ_OK else { return nil }
      return values.map { value -> AuditValue? in
        switch value.kind {
        case CSJ_STRING: .string(Array(UnsafeBufferPointer(start: value.string, count: Int(value.length))))
        case CSJ_INTEGER: .number(AuditNumber(.integer(value.integer)))
        case CSJ_NUMBER: .number(AuditNumber(.double(value.number)))
        case CSJ_BOOLEAN: .boolean(value.boolean)
        case CSJ_OBJECT, CSJ_ARRAY: .nested
        default: nil
        }
      }
    }
  }

  @Test func `both readers give the same for twenty thousand mutated documents`() {
    let engine = EngineReader()
    var chance = SplitMix64(seed: 20_261_129)
    let samples = [
      #"{"a":10.000000000000000000,"b":[1,-2.5e3,{"c":null}]}"#, #"{"a":"x\u00e9\ud83d\ude00\\","b":true}"#,
      #" {"b":12345678901234567890 , "a":-9223372036854775808}"#, #"{"\u0061":0.1,"b":"é","a":1E+2}"#,
    ].map { Array($0.utf8) }
    let inserts = Array("{}[]\",:\\ud8dc0019.eE+- tfn\u{1}é".utf8) + [0xff, 0xc3, 0x80]
    for _ in 0..<20_000 {
      var document = chance.pick(samples)
      for _ in 0...chance.below(3) {
        guard !document.isEmpty else { break }
        let place = chance.below(document.count)
        switch chance.below(3) {
        case 0: document.remove(at: place)
        case 1: document[place] = chance.pick(inserts)
        default: document.insert(chance.pick(inserts), at: place)
        }
      }
      // The engine hands lists out in another way.
      let found = read(document)?.map { value in
        if case .list? = value { AuditValue.nested } else { value }
      }
      let expected = engine.read(document)
      #expect(expected == found, "\(String(decoding: document, as: UTF8.self))")
    }
  }

  @Test func `both readers give the same for twenty thousand long numbers`() {
    let engine = EngineReader()
    var chance = SplitMix64(seed: 7)
    for _ in 0..<20_000 {
      var text = chance.below(2) == 0 ? "-" : ""
      text += String(1 + chance.below(9))
      for _ in 0..<chance.below(24) { text += String(chance.below(10)) }
      if chance.below(3) > 0 {
        text += "."
        for _ in 0...chance.below(30) { text += chance.below(3) == 0 ? String(chance.below(10)) : "0" }
      }
      if chance.below(3) == 0 { text += "e\(chance.below(640) - 320)" }
      let document = Array("{\"a\":\(text)}".utf8)
      #expect(engine.read(document) == read(document), "\(text)")
    }
  }
}
