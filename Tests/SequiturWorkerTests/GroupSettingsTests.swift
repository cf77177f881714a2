import SequiturWorker
import Testing

extension SequiturWorkerTests {
  /// What a worker is told of its group, without any broker.
  @Suite struct GroupSettingsTests {
    @Test func `the default timeouts fit together`() { #expect(WorkerTimeouts().faults.isEmpty) }

    @Test func `timeouts that contradict each other are named together, with the arithmetic`() {
      var timeouts = WorkerTimeouts()
      timeouts.heartbeat = .seconds(6)
      timeouts.pollInterval = .seconds(12)
      timeouts.restoreProgress = .seconds(20)
      timeouts.startup = .zero
      let faults = timeouts.faults
      #expect(faults.count == 5, "\(faults)")
      for text in [
        "startup timeout to be 10 ms to 24 h", "3 × 6.0 seconds is more than 15.0 seconds",
        "12.0 seconds is less than 15.0 seconds", "= 25.0 seconds is more than 12.0 seconds",
        "20.0 seconds is less than transaction timeout + 10.0 seconds = 25.0 seconds",
      ] {
        #expect(faults.contains { $0.contains(text) }, "\(text)")
      }
    }

    @Test(arguments: [
      ("orders-0", "orders-0"), ("orders-worker-12", "orders-worker-12"),
      ("orders-3.orders.default.svc.cluster.local", "orders-3"),
      ("orders", nil), ("-1", nil), ("orders-", nil), ("orders-1a", nil), ("7f9c4d6b8-x2x4z", nil),
      ("orders-01", nil), ("web-1234567890", nil), ("", nil),
    ])
    func `a host named like a StatefulSet's pod gives the instance id`(host: String, id: String?) {
      #expect(WorkerConfiguration.defaultInstanceID(hostName: host) == id)
    }
  }
}
