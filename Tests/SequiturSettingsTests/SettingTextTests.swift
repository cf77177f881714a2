import Testing

@testable import SequiturSettings

struct SettingTextTests {
  @Test(
    arguments: [
      ("500ms", .milliseconds(500)), ("15s", .seconds(15)), ("2m", .seconds(120)), ("1h", .seconds(3600)),
      ("15", nil), ("s", nil), ("0s", nil), ("-1s", nil), ("1.5s", nil), ("15 s", nil), ("1d", nil),
      ("", nil),
      ("9223372036854775807h", nil),
    ] as [(String, Duration?)])
  func `times are whole numbers with a unit`(text: String, duration: Duration?) {
    #expect(DurationText.parse(text) == duration)
  }

  @Test(
    arguments: [
      ("1", 1), ("32MB", 32 << 20), ("32M", 32 << 20), ("2gb", 2 << 30), ("512KB", 512 << 10), ("0", nil),
      ("-1MB", nil), ("MB", nil), ("1.5GB", nil), ("1TB", nil), ("", nil), ("9223372036854775807GB", nil),
    ] as [(String, Int?)])
  func `sizes are whole numbers with or without a unit`(text: String, bytes: Int?) {
    #expect(ByteCount.parse(text) == bytes)
  }

  @Test(arguments: [
    (Setting.Kind.integer(1...64), "1 to 64"),
    (.integer(1...100, orElse: .init(value: -1, meaning: "for none")), "1 to 100, or -1 for none"),
    (.choice(["a", "b"]), "a or b"), (.choice(["a", "b", "c"]), "one of a, b, c"),
    (.size(atLeast: 32 << 20), "32MB or more, like 512MB or 2GB"), (.boolean, "true or false"),
  ])
  func `a range is told in words`(kind: Setting.Kind, words: String) {
    #expect(kind.range == words)
  }

  @Test func `a number is in its range, or the one beside it`() {
    let kind = Setting.Kind.integer(1...100, orElse: .init(value: -1, meaning: "for none"))
    #expect([1, 100, -1].allSatisfy(kind.contains))
    #expect(![0, 101, -2].contains(where: kind.contains))
    #expect(!Setting.Kind.text.contains(1))
  }

  @Test func `each setting has a variable of its name`() {
    #expect(SettingKey.bootstrapServers.environmentName == "SEQUITUR_BOOTSTRAP_SERVERS")
    #expect(Set(SettingKey.allCases.map(\.environmentName)).count == SettingKey.allCases.count)
  }
}
