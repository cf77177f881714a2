import ReadableText
import Testing

struct ShownTextTests {
  @Test(arguments: [
    ("two\nlines", #"two\nlines"#),
    ("back\rover", #"back\rover"#),
    ("a\u{1B}[2Jb", #"a\u{1B}[2Jb"#),
    ("a\u{9B}2Jb", #"a\u{9B}2Jb"#),  // CSI as one character (C1)
    ("bell\u{07}", #"bell\u{07}"#),
    ("nul\0", #"nul\u{00}"#),
    ("delete\u{7F}", #"delete\u{7F}"#),
    ("next\u{85}line", #"next\u{85}line"#),
    ("a\u{2028}b\u{2029}c", #"a\u{2028}b\u{2029}c"#),
    ("\u{202E}txt.exe\u{202C}", #"\u{202E}txt.exe\u{202C}"#),
    ("\u{2066}a\u{2069}", #"\u{2066}a\u{2069}"#),
    ("a\u{200E}\u{200F}\u{061C}b", #"a\u{200E}\u{200F}\u{61C}b"#),
    ("zero\u{200B}width\u{FEFF}", #"zero\u{200B}width\u{FEFF}"#),
    ("tag\u{E0041}", #"tag\u{E0041}"#),
    ("no character\u{FFFF}", #"no character\u{FFFF}"#),
    ("column\ta", #"column\ta"#),
    ("carriage\r\nreturn", #"carriage\r\nreturn"#),
  ])
  func `what acts on a terminal or forges a line is shown as what it is`(text: String, shown: String) {
    #expect(ShownText.line(text) == shown)
    #expect(ShownText.line(Array(text.utf8)) == shown)
  }

  @Test(arguments: ["plain", "a \\ b", "größer €", "مرحبا", "👩‍👩‍👧", "نامه‌ای", "", "order-1: \"x\""])
  func `text that is safe stays as it is`(text: String) {
    #expect(ShownText.line(text) == text)
    #expect(ShownText.line(Array(text.utf8)) == text)
    #expect(ShownText.paragraph(text) == text)
    #expect(ShownText.json(text) == text)
  }

  @Test func `bytes that are no UTF-8 are shown as digits, the others as text`() {
    #expect(ShownText.line([0x61, 0xFF, 0x62, 0x0A]) == #"a\xFFb\n"#)
    #expect(ShownText.line([0xC3]) == #"\xC3"#)
    #expect(ShownText.line([0xE2, 0x82, 0x41]) == #"\xE2\x82A"#)
    #expect(ShownText.line([0xED, 0xA0, 0x80]) == #"\xED\xA0\x80"#)  // a surrogate
    #expect(ShownText.line([0xC0, 0x8A]) == #"\xC0\x8A"#)  // a line end, overlong
    #expect(ShownText.line([0xC3, 0xA9, 0xF0, 0x9F]) == #"é\xF0\x9F"#)
  }

  @Test func `a long text is cut, wherever the cut falls`() {
    let long = String(repeating: "ä", count: 300)
    #expect(ShownText.line(long) == String(repeating: "ä", count: 200) + "…")
    #expect(ShownText.line(Array(long.utf8)) == String(repeating: "ä", count: 200) + "…")
    #expect(ShownText.line(String(repeating: "a", count: 201)) == String(repeating: "a", count: 200) + "…")
    #expect(ShownText.line(String(repeating: "a", count: 200)).count == 200)
    #expect(ShownText.line("abc", atMost: 2) == "ab…")
    #expect(ShownText.line([UInt8](repeating: 0xFF, count: 1000), atMost: 3) == #"\xFF\xFF\xFF…"#)
    // One character to a person, a million scalars to a terminal.
    let marks = "a" + String(repeating: "\u{0301}", count: 1_000_000)
    #expect(ShownText.line(marks).unicodeScalars.count == 201)
    #expect(ShownText.line(long, atMost: nil) == long)
  }

  @Test func `showing twice is showing once`() {
    for value in 0..<UInt32(0x3000) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let once = ShownText.line("x\(scalar)y")
      #expect(ShownText.line(once) == once)
    }
  }

  @Test func `a paragraph keeps its line ends and nothing else`() {
    #expect(ShownText.paragraph("a\nb\u{1B}c\r\nd\n") == "a\nb\\u{1B}c\\r\nd\n")
  }

  @Test func `a JSON document keeps its content`() {
    #expect(ShownText.json("{\"a\":\"\u{7F}\u{9B}\u{202E}\"}\n") == #"{"a":"\u007f\u009b\u202e"}"# + "\n")
    #expect(ShownText.json("{\"a\":\"\u{E0041}ä👩\"}") == #"{"a":"\udb40\udc41ä👩"}"#)
    #expect(ShownText.json("{\t\"a\":\r\n1}") == "{ \"a\": \n1}")
  }

  @Test func `one is not many`() {
    #expect(1.counted("object") == "1 object")
    #expect(0.counted("object") == "0 objects")
    #expect(1200.counted("object") == "1,200 objects")
    #expect(Int32(-1).counted("partition") == "-1 partitions")
    #expect(UInt64.max.grouped == "18,446,744,073,709,551,615")
    #expect(Int64.min.grouped == "-9,223,372,036,854,775,808")
  }
}
