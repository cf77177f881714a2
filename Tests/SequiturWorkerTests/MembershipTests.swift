import Foundation
import KafkaClient
import SequiturWorker
import TestBroker
import Testing
import WorkerEventLog

extension SequiturWorkerTests {
  /// The group takes the membership away, in every way it can: the worker comes back by itself.
  @Suite struct MembershipTests {
    /// What the coordinator answers to the next heartbeats or joins.
    struct Loss: Sendable, CustomTestStringConvertible {
      let request: EmbeddedBroker.Request
      let errors: [KafkaError.Code]
      /// What the worker tells when it has noticed.
      let sign: @Sendable (WorkerEvent) -> Bool
      var strategy = AssignmentStrategy.range

      var testDescription: String { "\(errors.map(\.name).joined(separator: ", ")) (\(strategy.rawValue))" }
    }

    static let losses = [
      Loss(request: .heartbeat, errors: [.unknownMemberID], sign: \.isLost),
      Loss(request: .heartbeat, errors: [.illegalGeneration], sign: \.isLost),
      Loss(
        request: .heartbeat, errors: [.notCoordinator, .rebalanceInProgress], sign: \.isAssigned),
      Loss(request: .heartbeat, errors: [.fencedInstanceID], sign: \.isMembershipLost),
      Loss(
        request: .heartbeat, errors: [.unknownMemberID], sign: \.isLost, strategy: .cooperativeSticky
      ),
      Loss(
        request: .heartbeat, errors: [.fencedInstanceID], sign: \.isMembershipLost,
        strategy: .cooperativeSticky),
    ]

    @Test(arguments: losses)
    func `a member that is thrown out comes back and goes on`(loss: Loss) async throws {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(
        partitions: 2, on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 2) }
      var configuration = application.configuration(lanes: 2)
      configuration.assignmentStrategy = loss.strategy
      configuration.timeouts.heartbeat = .milliseconds(200)
      // The embedded broker holds a rebalance up for a member that is gone until its session ends.
      configuration.timeouts.session = .seconds(6)
      configuration.timeouts.call = .seconds(5)
      let worker = WorkerInProcess(configuration)
      try await application.submit((0..<20).map { .create("order-\($0)") })
      try await Self.outcomes(20, application)
      let before = worker.events.count(loss.sign)
      broker.pushRequestErrors(loss.errors, for: loss.request)
      try await eventually("the worker to notice") { worker.events.count(loss.sign) > before }
      try await eventually("both partitions to be served again") {
        worker.worker.statistics.snapshot.positions.count == 2
      }
      try await application.submit((0..<20).map { .amend("order-\($0)", total: 2) })
      try await Self.outcomes(40, application)
      try await worker.stop()
      let versions = try await application.read(application.topics.valid).map { $0.text("ce_sequence") ?? "" }
      #expect(Set(versions) == ["1", "2"])
    }

    /// The embedded broker forgets the offsets of transactions, so each new owner goes by the checkpoint.
    @Test(arguments: [AssignmentStrategy.range, .cooperativeSticky])
    func `a dynamic member takes its share and gives it back`(strategy: AssignmentStrategy) async throws {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(
        partitions: 4, on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 4) }
      func worker(_ name: String) -> WorkerInProcess {
        var configuration = application.configuration(name, lanes: 2)
        configuration.instanceID = nil
        configuration.assignmentStrategy = strategy
        configuration.timeouts.heartbeat = .milliseconds(200)
        configuration.timeouts.session = .seconds(6)
        return WorkerInProcess(configuration)
      }
      func served(_ worker: WorkerInProcess) -> Int { worker.worker.statistics.snapshot.positions.count }
      let objects = (0..<40).map { "order-\($0)" }
      let first = worker("first")
      try await eventually("the first to serve all") { served(first) == 4 }
      try await application.submit(objects.map { .create($0) })
      try await Self.outcomes(40, application)
      let second = worker("second")
      try await eventually("each to serve half") { served(first) == 2 && served(second) == 2 }
      try await application.submit(objects.map { .amend($0, total: 2) })
      try await Self.outcomes(80, application)
      try await second.stop()
      try await eventually("the first to serve all again") { served(first) == 4 }
      try await application.submit(objects.map { .amend($0, total: 3) })
      try await Self.outcomes(120, application)
      try await first.stop()
      let events = try await application.read(application.topics.valid)
      #expect(events.count == 120, "an event was written twice")
      for version in ["1", "2", "3"] {
        #expect(events.count { $0.text("ce_sequence") == version } == 40)
      }
    }

    /// Waits until so many commands have events.
    static func outcomes(_ count: Int, _ application: Application) async throws {
      try await eventually("\(count) outcomes") {
        let events = try await application.read(application.topics.valid)
        return Set(events.map { $0.text("ce_id") ?? "" }).count == count
      }
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a worker leaves no Kafka client behind`() async throws {
      let application = try await Application(partitions: 2)
      try await application.submit(RestoreTests.load(0..<100))
      let before = try Self.clientThreads()
      try await WorkerInProcess.runUntilCaughtUp(application.configuration(lanes: 2))
      try await eventually("its clients' threads to be gone") { try Self.clientThreads() <= before }
    }

    /// This process's threads that are librdkafka's, by the names it gives them.
    private static func clientThreads() throws -> Int {
      let folder = "/proc/self/task"
      return try FileManager.default.contentsOfDirectory(atPath: folder).count { thread in
        let name = try? String(contentsOfFile: "\(folder)/\(thread)/comm", encoding: .utf8)
        return name?.hasPrefix("rdk:") ?? false
      }
    }

    @Test func `a start that has several things wrong names them together`() async throws {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 1) }
      broker.pushRequestErrors(
        Array(repeating: .transactionalIDAuthorizationFailed, count: 3), for: .initProducerID)
      var configuration = application.configuration(lanes: 0)
      configuration.timeouts.heartbeat = .seconds(10)
      let worker = WorkerInProcess(configuration)
      let fault = await #expect(throws: WorkerStartFault.self) { try await worker.ended() }
      let text = fault?.description ?? ""
      for expected in ["lanes", "heartbeat interval", "rights Write and Describe on transactional ids"] {
        #expect(text.contains(expected), "\(text)")
      }
    }
  }
}
