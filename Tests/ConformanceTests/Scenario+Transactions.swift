extension Scenario {
  /// Transactions and who may go on with them.
  static let transactions = [
    Scenario(
      "a committed transaction is visible, and its marker takes an offset", "KIP-98",
      documented: ["commit ok", "0:a 1:b, then at 3"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id")
      _ = cluster.produce(["a", "b"], to: .plain(0), by: "p")
      let commit = cluster.commit("p")
      try cluster.awaitMarkers(.plain(0))
      return ["commit \(commit)", "\(try cluster.read(.plain(0)))"]
    },
    Scenario(
      "an aborted transaction takes its offsets, and only read_uncommitted sees it", "KIP-98",
      documented: ["abort ok", "committed: 2:b, then at 4", "uncommitted: 0:a 2:b, then at 4"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id")
      _ = cluster.produce(["a"], to: .plain(0), by: "p")
      let abort = cluster.abort("p")
      _ = cluster.produce(["b"], to: .plain(0), by: "p")
      _ = cluster.commit("p")
      try cluster.awaitMarkers(.plain(0))
      return [
        "abort \(abort)", "committed: \(try cluster.read(.plain(0)))",
        "uncommitted: \(try cluster.read(.plain(0), isCommittedOnly: false))",
      ]
    },
    Scenario(
      "an open transaction holds the last stable offset, also for records committed behind it", "KIP-98",
      documented: [
        "stable offset 0 of 3", "committed: nothing, then at 0", "uncommitted: 0:a 1:b, then at 3",
        "after its end: 0:a 1:b, then at 4",
      ]
    ) { cluster in
      _ = cluster.startProducer("p", id: "p")
      _ = cluster.startProducer("q", id: "q")
      _ = cluster.produce(["a"], to: .plain(0), by: "p")
      _ = cluster.produce(["b"], to: .plain(0), by: "q")
      _ = cluster.commit("q")
      try cluster.waitFor("the marker of q") { try cluster.bounds(.plain(0)).end == 3 }
      var seen = [
        "stable offset \(try cluster.stableOffset(.plain(0))) of \(try cluster.bounds(.plain(0)).end)",
        "committed: \(try cluster.read(.plain(0)))",
        "uncommitted: \(try cluster.read(.plain(0), isCommittedOnly: false))",
      ]
      _ = cluster.commit("p")
      try cluster.awaitMarkers(.plain(0))
      seen.append("after its end: \(try cluster.read(.plain(0)))")
      return seen
    },
    Scenario(
      "a transaction over two topics becomes visible on both, with a marker each", "KIP-98",
      documented: ["before: nothing, then at 0", "plain: 0:a, then at 2", "compacted: 0:k=b, then at 2"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id")
      _ = cluster.produce(["a"], to: .plain(0), by: "p")
      _ = cluster.produce(["k=b"], to: .compacted(1), by: "p")
      let before = try cluster.read(.compacted(1))
      _ = cluster.commit("p")
      try cluster.awaitMarkers(.plain(0), .compacted(1))
      return [
        "before: \(before)", "plain: \(try cluster.read(.plain(0)))",
        "compacted: \(try cluster.read(.compacted(1)))",
      ]
    },
    Scenario(
      "transactions one after the other do not meet, though markers come late", "KIP-98, KIP-890",
      documented: ["ok ok ok", "0:a 2:b 4:c, then at 6"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id")
      var replies: [Reply] = []
      for value in ["a", "b", "c"] {
        _ = cluster.produce([value], to: .plain(0), by: "p")
        replies.append(cluster.commit("p"))
      }
      try cluster.awaitMarkers(.plain(0))
      return [replies.map(\.description).joined(separator: " "), "\(try cluster.read(.plain(0)))"]
    },
    Scenario(
      "a transaction without records ends without a marker", "KIP-98",
      documented: ["commit ok", "nothing, then at 0"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id")
      _ = cluster.produce([], to: .plain(0), by: "p")
      return ["commit \(cluster.commit("p"))", "\(try cluster.read(.plain(0)))"]
    },
    Scenario(
      "a second producer with the id aborts the first one's transaction and fences it", "KIP-98, KIP-360",
      documented: ["second ok", "nothing, then at 2", "first's commit fenced", "second's: 2:b, then at 4"]
    ) { cluster in
      _ = cluster.startProducer("first", id: "id")
      _ = cluster.produce(["a"], to: .plain(0), by: "first")
      let second = cluster.startProducer("second", id: "id")
      try cluster.awaitMarkers(.plain(0))
      var seen = ["second \(second)", "\(try cluster.read(.plain(0)))"]
      seen.append("first's commit \(cluster.commit("first"))")
      _ = cluster.produce(["b"], to: .plain(0), by: "second")
      _ = cluster.commit("second")
      try cluster.awaitMarkers(.plain(0))
      seen.append("second's: \(try cluster.read(.plain(0)))")
      return seen
    },
    Scenario(
      "a producer that was fenced between two transactions writes nothing more", "KIP-98, KIP-360",
      documented: ["produce fenced", "0:a, then at 2"]
    ) { cluster in
      _ = cluster.startProducer("first", id: "id")
      _ = cluster.produce(["a"], to: .plain(0), by: "first")
      _ = cluster.commit("first")
      _ = cluster.startProducer("second", id: "id")
      let produce = cluster.produce(["b"], to: .plain(0), by: "first")
      try cluster.awaitMarkers(.plain(0))
      return ["produce \(produce)", "\(try cluster.read(.plain(0), isCommittedOnly: false))"]
    },
    Scenario(
      "a transaction that outlasts transaction.timeout.ms is aborted, and its producer fenced", "KIP-98",
      needs: [.transactionTimeout], documented: ["nothing, then at 2", "commit fenced", "new producer ok"]
    ) { cluster in
      _ = cluster.startProducer("p", id: "id", isImpatient: true)
      _ = cluster.produce(["a"], to: .plain(0), by: "p")
      try cluster.awaitMarkers(.plain(0))
      return [
        "\(try cluster.read(.plain(0)))", "commit \(cluster.commit("p"))",
        "new producer \(cluster.startProducer("q", id: "id"))",
      ]
    },
  ]
}
