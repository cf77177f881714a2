import KafkaClient
import PostgreSQL
import SequiturTopics
import Testing

@testable import SequiturOutbox

struct TroubleVerdictTests {
  private func database(
    _ kind: PostgreSQLError.Kind, _ state: String? = nil, _ message: String = "x", hint: String? = nil
  ) -> Trouble? {
    var error = PostgreSQLError(
      kind: kind, operation: "connect", message: message, sqlState: state.flatMap { SQLState($0) })
    error.hint = hint
    return Trouble(error)
  }

  @Test(arguments: [
    ("could not translate host name \"db\" to address", nil), ("connection refused", nil),
    ("server closed the connection unexpectedly", nil), ("SSL connection has been closed unexpectedly", nil),
    ("the database system is starting up", "57P03"), ("sorry, too many clients already", "53300"),
    ("session is read-only", nil), ("server is in hot standby mode", nil),
  ])
  func `a server that may come back by itself is waited for`(message: String, code: String?) {
    #expect(database(.cannotConnect, code, message)?.passes == true)
  }

  @Test(arguments: [
    ("password authentication failed", "28P01", "the database refuses the role"),
    ("no pg_hba.conf entry", "28000", "the database refuses the role"),
    ("fe_sendauth: no password supplied", nil, "the database refuses the role"),
    ("database \"x\" does not exist", "3D000", "there is no such database"),
    (
      "must be superuser or replication role to start walsender", "42501",
      "a right on the database is missing"
    ),
    ("all replication slots are in use", "53400", "a limit of the database's configuration is reached"),
    ("server does not support SSL, but SSL was required", nil, "the connection cannot be encrypted"),
    ("SSL error: certificate verify failed", nil, "the connection cannot be encrypted"),
    ("root certificate file \"/x\" does not exist", nil, "the connection cannot be encrypted"),
  ])
  func `what waiting cannot cure says so, with what to do`(message: String, code: String?, cause: String) {
    let trouble = database(.cannotConnect, code, message)
    #expect(trouble?.passes == false)
    #expect(trouble?.cause == cause)
    #expect(trouble?.cure != nil)
  }

  @Test func `a standby is no primary, whoever says it`() {
    #expect(Trouble(StandbyServer.error("s"))?.cause == "the database is a standby")
    #expect(database(.other, "25006")?.cause == "the database is a standby")
  }

  @Test(arguments: [
    (PostgreSQLError.Kind.connectionLost, true), (.timedOut, true), (.lockNotAvailable, true),
    (.retryable, true),
    (.cancelled, true), (.resources, true), (.missingRight, false), (.statement, false),
    (.objectState, false),
    (.data, false), (.invalidArgument, false), (.other, false),
  ])
  func `each kind of refusal by the database is judged`(kind: PostgreSQLError.Kind, passes: Bool) {
    #expect(database(kind)?.passes == passes)
  }

  @Test(arguments: [
    (KafkaError.Code.timedOut, true), (.transport, true), (.allBrokersDown, true), (.fenced, true),
    (.coordinatorNotAvailable, true), (.authentication, false), (.ssl, false),
    (.topicAuthorizationFailed, false), (.groupAuthorizationFailed, false),
    (.transactionalIDAuthorizationFailed, false), (.clusterAuthorizationFailed, false),
    (.invalidArgument, false),
  ])
  func `brokers that are away are waited for, and their refusals are not`(code: KafkaError.Code, passes: Bool)
  {
    #expect(Trouble(KafkaError(code: code, operation: "o", detail: "d"))?.passes == passes)
  }

  @Test func `what no relay can go on after is no trouble`() {
    #expect(Trouble(OutboxFault.superseded("a", by: "b")) == nil)
    #expect(Trouble(CancellationError()) == nil)
    #expect(Trouble(OutboxFault.missingPublication("p", "s"))?.passes == false)
  }
}
