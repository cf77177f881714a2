import Foundation
import Testing

@testable import sequitur

/// What a state, a command or an event is shown as, in a line of JSON.
struct StateTextTests {
  @Test(arguments: [
    #"{"a":12345678901234567890.0001}"#, "[1,2]", "{\n\"a\":\r\n\"é\"}", "[]",
  ])
  func `a JSON document stands in the line as it is`(document: String) throws {
    let line = StateText.value("state", Array(document.utf8))
    #expect(!line.contains("\n"))
    #expect(line.replacing(" ", with: "").hasSuffix(document.filter { !$0.isNewline }))
    #expect(line.hasPrefix("\"state\":"))
  }

  @Test(arguments: [
    [UInt8]("{".utf8), [0x7B, 0, 0x7D, 0], [0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0],
    [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], [0x7B, 0, 0, 0, 0x7D, 0, 0, 0], [0x5B, 0xFF, 0x5D], [],
  ])
  func `what is no JSON in UTF-8 is shown as text or digits`(bytes: [UInt8]) throws {
    let line = StateText.value("state", bytes)
    #expect(line.hasPrefix("\"stateText\":\"") || line.hasPrefix("\"stateHex\":\""), "\(line)")
    #expect(!line.utf8.contains { $0 < 0x20 })
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data("{\(line)}".utf8)) }
  }
}
