import HTTPTypes
import SequiturHTTP
import Testing

@testable import SequiturGateway

/// Fields of requests that are not plain words.
struct RequestFieldTests {
  @Test(
    arguments: [
      ("\"a\"", "a"), (" \"a b\" ", "a b"), (#""a\"b""#, "a\"b"), (#""a\\b""#, #"a\b"#), ("\"\"", ""),
      ("\"a", nil), ("a\"", nil), ("\"a\"b", nil), ("\"a\"\"", nil), (#""a\b""#, nil), (#""a\"#, nil),
      ("\"\u{e9}\"", nil),
      ("\"a\t\"", nil), ("\"", nil), ("a", nil), ("", nil),
    ] as [(String, String?)])
  func `a string of a structured field is read as RFC 9651 has it`(text: String, string: String?) {
    #expect(StructuredText.string(text) == string)
  }

  @Test(
    arguments: [
      ("k-1", "k-1"), ("\"k-1\"", "k-1"), ("k\"1", "k\"1"), ("a b", "a b"), ("\"k", nil), ("\"\"", nil),
      ("\"a\";x=1", nil),
      (String(repeating: "k", count: 4097), nil),
      (String(repeating: "k", count: 4096), String(repeating: "k", count: 4096)),
    ] as [(String, String?)])
  func `an Idempotency-Key is taken bare and in quotes`(text: String, id: String?) {
    let fields: HTTPFields = [.idempotencyKey: text]
    #expect((try? CommandRequest.id(fields)) == id)
  }

  @Test(arguments: [
    (["\"1\""], true), (["W/\"1\""], true), (["\"2\""], false), (["\"2\", \"1\""], true),
    (["\"2\"", "\"1\""], true), (["*"], true),
    ([], false), (["1"], false), (["\"11\""], false), ([" \"1\"\t"], true), ([""], false), ([","], false),
  ])
  func `a tag is found among those that are known`(fields: [String], isKnown: Bool) {
    #expect(EntityTags.contain(fields, "\"1\"") == isKnown)
  }

  @Test(arguments: [
    ("a=1&b=x", true), ("", true), ("a=1&a=1", false), ("c=1", false), ("a=%zz", false), ("a", true),
    ("&&", true), ("%61=1", true),
    ("a=1&%61=2", false),
  ])
  func `parameters of a query are known ones, each once`(query: String, isTaken: Bool) {
    #expect(((try? QueryParameters(query, allowing: ["a", "b"])) != nil) == isTaken)
  }

  @Test(
    arguments: [
      ("1", 1), ("0", 0), ("9", 9), ("10", nil), ("-1", nil), ("+1", nil), ("1.0", nil), ("", nil),
      (" 1", nil),
      ("99999999999999999999", nil), ("1e0", nil),
    ] as [(String, Int64?)])
  func `a whole number of a query has digits alone, and is in range`(text: String, number: Int64?) throws {
    let query = try QueryParameters("a=\(text.replacing(" ", with: "%20"))", allowing: ["a"])
    #expect((try? query.integer("a", in: 0...9)) == number)
  }

  @Test(
    arguments: [
      ("", []), ("AA", [0]), ("AA==", [0]), ("_wD-", [255, 0, 254]), ("YWI", [97, 98]), ("YWI=", [97, 98]),
      ("YWJj", [97, 98, 99]),
      ("A", nil), ("AB", nil), ("YWJ", nil), ("A+A", nil), ("A/A", nil), ("A A", nil), ("AA=", nil),
      ("AA===", nil), ("A=A=", nil),
      ("=", nil), ("\u{e9}", nil),
    ] as [(String, [UInt8]?)])
  func `base64url is read strictly`(text: String, bytes: [UInt8]?) {
    #expect(Base64URLText.decode(text.utf8) == bytes)
  }

  @Test func `what is encoded for a path is decoded to itself`() {
    let all = (0...255).map { UInt8($0) }
    #expect(PercentText.decode(PercentText.encode(all).utf8) == all)
    #expect(PercentText.encode(Array("a/b ~é".utf8)) == "a%2Fb%20~%C3%A9")
  }
}
