extension Scenario {
  /// What becomes of offsets and records.
  static let logs = [
    Scenario(
      "DeleteRecords moves the first offset, and a position below it is out of range", "KIP-107",
      needs: [.deleteRecords], documented: ["2 to 5", "2:c 3:d, then at 5", "from 0: out of range"]
    ) { cluster in
      try fill(cluster, .plain(0), ["a", "b", "c", "d"])
      try cluster.deleteRecords(of: .plain(0), before: 2)
      let bounds = try cluster.bounds(.plain(0))
      return [
        "\(bounds.start) to \(bounds.end)", "\(try cluster.read(.plain(0)))",
        "from 0: \(try cluster.read(.plain(0), from: 0, isCommittedOnly: true))",
      ]
    },
    Scenario(
      "a log that was deleted up to its end keeps its offsets", "KIP-107",
      needs: [.deleteRecords], documented: ["2 to 2", "nothing, then at 2", "2:b, then at 4"]
    ) { cluster in
      try fill(cluster, .plain(0), ["a"])
      try cluster.deleteRecords(of: .plain(0), before: 2)
      let bounds = try cluster.bounds(.plain(0))
      var seen = ["\(bounds.start) to \(bounds.end)", "\(try cluster.read(.plain(0)))"]
      try fill(cluster, .plain(0), ["b"], by: "q")
      seen.append("\(try cluster.read(.plain(0)))")
      return seen
    },
    Scenario(
      "a position beyond the end is out of range", "Kafka protocol, Fetch: OFFSET_OUT_OF_RANGE",
      documented: ["at the end: nothing, then at 2", "beyond it: out of range"]
    ) { cluster in
      try fill(cluster, .plain(0), ["a"])
      return [
        "at the end: \(try cluster.read(.plain(0), from: 2, isCommittedOnly: true))",
        "beyond it: \(try cluster.read(.plain(0), from: 7, isCommittedOnly: true))",
      ]
    },
    Scenario(
      "compaction keeps each key's last record, at its offset", "Kafka documentation, 4.8 Log Compaction",
      needs: [.compaction], documented: ["2:k=3 3:l=1"]
    ) { cluster in
      try fill(cluster, .compacted(0), ["k=1", "k=2", "k=3", "l=1"])
      func kept() throws -> [String] {
        guard case .records(let records, _) = try cluster.read(.compacted(0)) else { return [] }
        return records.filter { $0.contains(":k=") || $0.contains(":l=") }
      }
      guard
        try cluster.eventually({
          try cluster.encourageCompaction(of: .compacted(0))
          return try kept().count < 4
        })
      else { return [notShown] }
      return [try kept().joined(separator: " ")]
    },
  ]

  /// What an observation says that the broker did not get round to; it proves nothing.
  static let notShown = "not shown"

  /// Commits the records in one transaction.
  private static func fill(
    _ cluster: any Cluster, _ log: Log, _ records: [String], by producer: String = "p"
  ) throws {
    _ = cluster.startProducer(producer, id: producer)
    _ = cluster.produce(records, to: log, by: producer)
    _ = cluster.commit(producer)
    try cluster.awaitMarkers(log)
  }
}
