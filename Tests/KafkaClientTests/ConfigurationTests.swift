import KafkaClient
import Testing

extension KafkaClientTests {
  @Suite struct Configuration {
    @Test func `an unknown property is named in the error`() {
      let error = thrown { () throws(KafkaError) in
        try KafkaConfiguration(dictionaryLiteral: ("no.such.property", "1")).validate()
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.description.contains("no.such.property") == true)
    }

    @Test func `a value that is not valid is named with the reason`() {
      let configuration: KafkaConfiguration = ["session.timeout.ms": "soon"]
      let error = thrown { () throws(KafkaError) in try configuration.validate() }
      #expect(error?.operation == "set the property \"session.timeout.ms\"")
      #expect(error?.detail.contains("session.timeout.ms") == true)
    }

    @Test func `a combination that is not valid is refused when the client is made`() {
      let configuration: KafkaConfiguration = ["transactional.id": "a", "enable.idempotence": "false"]
      let error = thrown { () throws(KafkaError) in
        _ = try TransactionalProducer(configuration: configuration, logger: quiet)
      }
      #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: [
      "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "ssl.certificate.pem",
      "sasl.oauthbearer.client.secret", "sasl.jaas.config", "sasl.oauthbearer.config",
    ])
    func `a secret appears neither in descriptions nor in errors`(name: String) {
      var configuration: KafkaConfiguration = ["bootstrap.servers": "localhost:1"]
      configuration[name] = "hunter2"
      var dumped = ""
      dump(configuration, to: &dumped)
      let error = thrown { () throws(KafkaError) in try configuration.validate() }
      let all = "\(configuration) \(String(reflecting: configuration)) \(configuration.properties) \(dumped)"
      #expect(!(all + "\(error.map { "\($0)" } ?? "")").contains("hunter2"))
      #expect("\(configuration)".contains("bootstrap.servers=localhost:1 \(name)=[redacted]"))
    }

    @Test func `a merged configuration keeps the order and takes the other's values`() {
      let base: KafkaConfiguration = ["client.id": "a", "linger.ms": "1"]
      let merged = base.merging(["linger.ms": "2", "acks": "all"])
      #expect(merged.properties.map(\.name) == ["client.id", "linger.ms", "acks"])
      #expect(merged["linger.ms"] == "2")
      var removed = merged
      removed["client.id"] = nil
      #expect(removed["client.id"] == nil)
      #expect(removed.properties.count == 2)
    }
  }

  @Suite struct Errors {
    @Test func `a message says what was expected, what happened, and where`() {
      let error = KafkaError(
        code: .timedOut, operation: "seek in a partition", detail: "no answer came", topic: "t", partition: 3,
        offset: 7)
      #expect(
        error.description
          == "Expected to seek in a partition, but no answer came (_TIMED_OUT, at topic t partition 3 offset 7)"
      )
    }

    @Test func `the flags and the code together give the severity`() {
      func severity(
        _ code: KafkaError.Code, retriable: Bool = false, fatal: Bool = false, abort: Bool = false
      ) -> KafkaError.Severity {
        KafkaError(
          code: code, operation: "", detail: "", isRetriable: retriable, isFatal: fatal, requiresAbort: abort
        ).severity
      }
      #expect(severity(.fenced, fatal: true) == .fenced)
      #expect(severity(.producerFenced, fatal: true) == .fenced)
      #expect(severity(.invalidProducerEpoch, fatal: true) == .fenced)
      #expect(severity(.fencedInstanceID, abort: true) == .abortable)
      #expect(severity(.invalidProducerEpoch, abort: true) == .abortable)
      #expect(severity(.illegalGeneration, abort: true) == .abortable)
      #expect(severity(.timedOut, retriable: true) == .retriable)
      #expect(severity(.invalidTransactionTimeout, fatal: true) == .fatal)
      #expect(severity(.state) == .failed)
    }
  }
}
