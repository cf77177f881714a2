import KafkaClient
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// Groups that do not take a worker.
  @Suite struct JoinTests {
    private func start(
      _ errors: [KafkaError.Code], for request: EmbeddedBroker.Request
    ) async throws -> (EmbeddedBroker, Application, WorkerInProcess) {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 1) }
      broker.pushRequestErrors(errors, for: request)
      var configuration = application.configuration()
      configuration.timeouts.session = .seconds(7)
      configuration.timeouts.heartbeat = .seconds(1)
      return (broker, application, WorkerInProcess(configuration))
    }

    @Test(arguments: [
      (KafkaError.Code.invalidSessionTimeout, "--session-timeout, which is 7.0 seconds"),
      (.groupAuthorizationFailed, "--operation Read --group"), (.invalidGroupID, "--application-id"),
    ])
    func `a join that cannot succeed ends the worker with the reason and its cure`(
      code: KafkaError.Code, cure: String
    ) async throws {
      let (broker, application, worker) = try await start(Array(repeating: code, count: 50), for: .joinGroup)
      let fault = await #expect(throws: WorkerStartFault.self) { try await worker.ended() }
      let text = fault?.description ?? ""
      #expect(text.contains(code.name) && text.contains(cure) && text.contains(application.name), "\(text)")
      withExtendedLifetime(broker) {}
    }

    @Test(arguments: [
      (KafkaError.Code.inconsistentGroupProtocol, "--assignment-strategy"),
      (.groupMaxSizeReached, "group.max.size"),
    ])
    func `a join that others hold up is told once with its cure, and the worker joins when it can`(
      code: KafkaError.Code, cure: String
    ) async throws {
      let (broker, application, worker) = try await start([code, code, code], for: .joinGroup)
      try await eventually("the group's refusal") {
        worker.worker.statistics.snapshot.groupFault?.contains(cure) == true
      }
      try await application.submit(.create("a"))
      try await eventually("the outcome") { worker.worker.statistics.snapshot.commands == 1 }
      #expect(worker.worker.statistics.snapshot.groupFault == nil)
      #expect(worker.log.lines("the worker cannot join its group").count == 1)
      #expect(worker.log.lines("the worker is a member of its group again").count == 1)
      try await worker.stop()
      withExtendedLifetime(broker) {}
    }

    @Test func `a right on the group that is lost while the worker runs ends nothing, and is told again`() {
      let statistics = WorkerStatistics()
      let log = LogStore()
      let watch = JoinWatch(
        group: "g", timeouts: WorkerTimeouts(), statistics: statistics, logger: log.logger)
      func error(_ code: KafkaError.Code) -> KafkaError {
        KafkaError(code: code, operation: "consume records", detail: "JoinGroup failed")
      }
      watch.joined()
      guard case .goOn = watch.met(error(.groupAuthorizationFailed)) else {
        Issue.record("a member's worker ends")
        return
      }
      _ = watch.met(error(.groupAuthorizationFailed))
      #expect(log.lines("the worker cannot join its group").count == 1)
      #expect(statistics.snapshot.groupFault != nil)
      watch.joined()
      #expect(statistics.snapshot.groupFault == nil)
      // Errors of other kinds are not of joining.
      for code in [KafkaError.Code.transport, .maxPollExceeded, .unknownTopicOrPartition] {
        #expect(watch.met(error(code)) == nil)
      }
    }

    @Test func `a restore needs no right on any group but the application's`() async throws {
      let (broker, application, worker) = try await start([], for: .joinGroup)
      try await application.submit(.create("a"), .create("b"))
      try await eventually("the outcomes") { worker.worker.statistics.snapshot.commands == 2 }
      try await worker.stop()
      let again = WorkerInProcess(application.configuration())
      try await application.submit(.create("c"))
      try await eventually("the outcome") { again.worker.statistics.snapshot.commands >= 1 }
      try await again.stop()
      #expect(!(worker.log.lines + again.log.lines).contains { $0.description.contains("plain-reader") })
      withExtendedLifetime(broker) {}
    }
  }
}
