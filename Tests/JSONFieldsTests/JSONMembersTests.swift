import JSONFields
import Testing

struct JSONMembersTests {
  private func members(_ text: String) -> [[String]] {
    Array(text.utf8).withUnsafeBytes { bytes in
      JSONMembers(bytes).map { member in
        [member.name, member.value, member.whole].map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }

  @Test(arguments: [
    ("{}", []), (" { } ", []),
    (#"{"a":1}"#, [["a", "1", #""a":1"#]]),
    (
      #" { "a" : 1 , "b":[1,{"c":2}] }"#,
      [["a", "1", #""a" : 1"#], ["b", #"[1,{"c":2}]"#, #""b":[1,{"c":2}]"#]]
    ),
    (#"{"a":"x,}\"]","b":null}"#, [["a", #""x,}\"]""#, #""a":"x,}\"]""#], ["b", "null", #""b":null"#]]),
    (#"{"":{},"\"":-1.5e3}"#, [["", "{}", #""":{}"#], [#"\""#, "-1.5e3", #""\"":-1.5e3"#]]),
  ])
  func `each member is handed out as it stands`(text: String, expected: [[String]]) {
    #expect(members(text) == expected)
  }

  /// Every document cut at each byte, and with each byte changed: what is handed out means nothing, but nothing is read
  /// beside the bytes (a debug build traps).
  @Test func `what is no document is read within its bounds`() {
    let document = Array(#"{"a\u00e9":"b\"","c":[{"d":1},"e"],"f":tru}"#.utf8)
    for end in 0...document.count {
      _ = document[..<end].withUnsafeBytes { JSONMembers($0).map(\.nameText) }
    }
    for index in document.indices {
      for byte in [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "}"), 0, 0xff] {
        var changed = document
        changed[index] = byte
        _ = changed.withUnsafeBytes { JSONMembers($0).map(\.nameText) }
      }
    }
  }

  @Test func `a name is found in whatever way it is escaped`() {
    let names = NameTable(["price", "é"])
    let text = #"{"price":1,"pr\u0069ce":2,"\u00e9":3,"é":4,"Price":5}"#
    let found = Array(text.utf8).withUnsafeBytes { JSONMembers($0).map { $0.index(in: names) } }
    #expect(found == [0, 0, 1, 1, nil])
  }
}

struct JSONTextTests {
  @Test(arguments: [
    ("plain", "plain"), (#"a\nb\tc\rd\be\ff"#, "a\nb\tc\rd\u{8}e\u{c}f"), (#"\"\\\/"#, "\"\\/"),
    (#"\u00e9"#, "é"), (#"\ud83d\ude00"#, "😀"),
  ])
  func `escapes are replaced`(raw: String, text: String) {
    #expect(Array(raw.utf8).withUnsafeBytes { JSONText.unescaped($0) } == text)
  }

  @Test(arguments: [
    ("plain é 😀", #""plain é 😀""#), ("\"\\", #""\"\\""#), ("a\nb\rc\td", #""a\nb\rc\td""#),
    ("\0\u{1f}", #""\u0000\u001f""#), ("\u{7f}\u{9b}\u{2028}", #""\u007f\u009b\u2028""#),
  ])
  func `a text is quoted so that it reads back, and moves no terminal`(text: String, quoted: String) {
    #expect(JSONText.quoted(text) == quoted)
    let raw = Array(quoted.utf8.dropFirst().dropLast())
    #expect(raw.withUnsafeBytes { JSONText.unescaped($0) } == text)
  }

  @Test(arguments: ["0", "-0", "10", "1.50", "1e5", "-1.5E-3"])
  func `numbers of JSON are such`(text: String) { #expect(JSONNumber.isWellFormed(text)) }

  @Test(arguments: ["", "-", "01", "1.", ".5", "1e", "+1", "0x1", "1 ", "١"])
  func `other numbers are none`(text: String) { #expect(!JSONNumber.isWellFormed(text)) }
}
