import Testing

@testable import KafkaClient

/// A right that is missing is told with the command that gives it.
struct MissingRightTests {
  @Test(arguments: [
    (KafkaError.Code.topicAuthorizationFailed, "consume records", "--operation Read --topic t"),
    (.topicAuthorizationFailed, "deliver a record", "--operation Write --topic t"),
    (.topicAuthorizationFailed, "ask for a topic", "--operation Describe --topic t"),
    (.groupAuthorizationFailed, "join", "--operation Read --group"),
    (
      .transactionalIDAuthorizationFailed, "initialise transactions",
      "--operation Write --operation Describe --transactional-id"
    ),
    (.clusterAuthorizationFailed, "create topics", "--operation Create --cluster"),
  ])
  func `each has a sentence of its own`(code: KafkaError.Code, operation: String, command: String) throws {
    let error = KafkaError(code: code, operation: operation, detail: "refused", topic: "t")
    #expect(error.isMissingRight)
    let cure = try #require(error.cure)
    #expect(cure.hasPrefix("Give the user the right") && cure.hasSuffix("."))
    #expect(
      cure.contains("kafka-acls.sh --bootstrap-server … --add --allow-principal User:… \(command)"), "\(cure)"
    )
  }

  @Test func `another error has none`() {
    let error = KafkaError(code: .timedOut, operation: "consume records", detail: "nothing came", topic: "t")
    #expect(!error.isMissingRight && error.cure == nil)
  }
}
