extension Scenario {
  /// Consumed offsets in transactions.
  static let offsets = [
    Scenario(
      "offsets are the group's when their transaction commits, and not when it aborts", "KIP-98, KIP-447",
      documented: ["before: none", "committed: 5", "aborted: 5"]
    ) { cluster in
      let membership = try start(cluster)
      var seen = ["before: \(try text(cluster.position(of: 0, isStable: true)))"]
      _ = cluster.sendOffset(5, of: 0, by: "p", as: membership)
      _ = cluster.commit("p")
      seen.append("committed: \(try stable(cluster))")
      _ = cluster.sendOffset(9, of: 0, by: "p", as: membership)
      _ = cluster.abort("p")
      seen.append("aborted: \(try stable(cluster))")
      return seen
    },
    Scenario(
      "offsets in an open transaction are unstable, and an old answer to who does not ask for stable ones",
      "KIP-447",
      documented: ["stable: unstable", "otherwise: 5", "another partition: none", "after: 9"]
    ) { cluster in
      let membership = try start(cluster)
      _ = cluster.sendOffset(5, of: 0, by: "p", as: membership)
      _ = cluster.commit("p")
      _ = try stable(cluster)
      _ = cluster.sendOffset(9, of: 0, by: "p", as: membership)
      var seen = [
        "stable: \(text(try cluster.position(of: 0, isStable: true)))",
        "otherwise: \(text(try cluster.position(of: 0, isStable: false)))",
        "another partition: \(text(try cluster.position(of: 1, isStable: true)))",
      ]
      _ = cluster.commit("p")
      seen.append("after: \(try stable(cluster))")
      return seen
    },
    Scenario(
      "a producer that takes the id over drops its predecessor's offsets", "KIP-98, KIP-447",
      documented: ["unstable", "none"]
    ) { cluster in
      let membership = try start(cluster)
      _ = cluster.sendOffset(5, of: 0, by: "p", as: membership)
      let before = text(try cluster.position(of: 0, isStable: true))
      _ = cluster.startProducer("q", id: "p")
      return [before, try stable(cluster)]
    },
    Scenario(
      "offsets of a generation that is over are refused; with fresh metadata they are taken", "KIP-447",
      documented: ["illegal generation", "fresh ok"]
    ) { cluster in
      let old = try start(cluster)
      try cluster.join("n", instance: nil, isCooperative: false)
      try cluster.waitFor("both to have one partition") {
        cluster.partitions(of: "m").count == 1 && cluster.partitions(of: "n").count == 1
      }
      let reply = cluster.sendOffset(5, of: 0, by: "p", as: old)
      _ = cluster.abort("p")
      let fresh = try cluster.membership(of: "m")
      return ["\(reply)", "fresh \(cluster.sendOffset(5, of: 0, by: "p", as: fresh))"]
    },
    Scenario(
      "offsets of a member that has left are refused", "KIP-447", documented: ["unknown member"]
    ) { cluster in
      let membership = try start(cluster)
      try cluster.stop("m")
      return ["\(cluster.sendOffset(5, of: 0, by: "p", as: membership))"]
    },
    Scenario(
      "offsets of a static member whose id another process took are refused", "KIP-345, KIP-447",
      documented: ["fenced instance"]
    ) { cluster in
      let membership = try start(cluster, instance: "i")
      cluster.kill("m")
      try cluster.join("again", instance: "i", isCooperative: false)
      try cluster.waitFor("the newcomer to have all") { cluster.partitions(of: "again").count == 2 }
      return ["\(cluster.sendOffset(5, of: 0, by: "p", as: membership))"]
    },
    Scenario(
      "offsets with a group id alone are taken from anyone", "KIP-447: generation -1 is not checked",
      documented: ["ok", "5"]
    ) { cluster in
      _ = try start(cluster)
      let reply = cluster.sendOffset(5, of: 0, by: "p", as: nil)
      _ = cluster.commit("p")
      return ["\(reply)", try stable(cluster)]
    },
    Scenario(
      "the coordinator does not know who owns a partition", "KIP-447: member and generation are checked",
      documented: ["ok", "5"]
    ) { cluster in
      _ = try start(cluster)
      try cluster.join("n", instance: nil, isCooperative: false)
      try cluster.waitFor("both to have one partition") {
        cluster.partitions(of: "m").count == 1 && cluster.partitions(of: "n").count == 1
      }
      let membership = try cluster.membership(of: "m")
      let foreign = cluster.partitions(of: "n").first ?? 0
      let reply = cluster.sendOffset(5, of: foreign, by: "p", as: membership)
      _ = cluster.commit("p")
      return ["\(reply)", try stable(cluster, foreign)]
    },
  ]

  /// A producer `p`, and a member `m` that has all partitions.
  private static func start(_ cluster: any Cluster, instance: String? = nil) throws -> Membership? {
    _ = cluster.startProducer("p", id: "p")
    try cluster.join("m", instance: instance, isCooperative: false)
    try cluster.waitFor("the first member to have all") { cluster.partitions(of: "m").count == 2 }
    return try cluster.membership(of: "m")
  }

  /// The position, once no transaction holds it.
  private static func stable(_ cluster: any Cluster, _ partition: Int32 = 0) throws -> String {
    var position: Result<Int64?, Refusal> = .failure(.unstable)
    try cluster.waitFor("a stable position") {
      position = try cluster.position(of: partition, isStable: true)
      return position != .failure(.unstable)
    }
    return text(position)
  }

  private static func text(_ position: Result<Int64?, Refusal>) -> String {
    switch position {
    case .success(let offset): offset.map { "\($0)" } ?? "none"
    case .failure(let refusal): "\(refusal)"
    }
  }
}
