extension Scenario {
  /// Who has which partitions.
  static let members = [
    Scenario(
      "range: a newcomer gets a share, all is given up for it, and the generation rises", "KIP-429, eager",
      documented: ["first gave up [0, 1]", "1 and 1, disjoint", "the generation rose"]
    ) { cluster in
      let before = try first(cluster, "m", isCooperative: false)
      try cluster.join("n", instance: nil, isCooperative: false)
      try share(cluster, "m", "n")
      return [
        "first gave up \(cluster.givenUp(by: "m").first?.sorted() ?? [])", overlap(cluster, "m", "n"),
        try risen(cluster, since: before),
      ]
    },
    Scenario(
      "cooperative: a newcomer gets only what was given up, in a second rebalance", "KIP-429",
      needs: [.cooperativeRebalance],
      documented: ["first gave up 1 of 2", "1 and 1, disjoint", "the generation rose twice"]
    ) { cluster in
      let before = try first(cluster, "m", isCooperative: true)
      try cluster.join("n", instance: nil, isCooperative: true)
      try share(cluster, "m", "n")
      return [
        "first gave up \(cluster.givenUp(by: "m").first?.count ?? 0) of 2", overlap(cluster, "m", "n"),
        try generation(cluster, "m") >= before + 2 ? "the generation rose twice" : "it did not",
      ]
    },
    Scenario(
      "a dynamic member that stops hands over at once", "KIP-98, LeaveGroup",
      documented: ["the other has 2", "the generation rose"]
    ) { cluster in
      _ = try first(cluster, "m", isCooperative: false)
      try cluster.join("n", instance: nil, isCooperative: false)
      try share(cluster, "m", "n")
      let before = try generation(cluster, "m")
      try cluster.stop("n")
      try cluster.waitFor("the other to have all") { cluster.partitions(of: "m").count == 2 }
      return [
        "the other has \(cluster.partitions(of: "m").count)",
        try risen(cluster, since: before),
      ]
    },
    Scenario(
      "a static member that stops does not leave, and nothing moves", "KIP-345",
      documented: ["the other has 1", "the generation stayed"]
    ) { cluster in
      let before = try twoStaticMembers(cluster)
      try cluster.stop("n")
      try cluster.goOn()
      return [
        "the other has \(cluster.partitions(of: "m").count)",
        try risen(cluster, since: before),
      ]
    },
    Scenario(
      "a static member that comes back within its session has the same partitions, in the same generation",
      "KIP-345", documented: ["the same partitions", "the generation stayed", "the other gave up nothing"]
    ) { cluster in
      let before = try twoStaticMembers(cluster)
      let (had, givenUp) = (cluster.partitions(of: "n"), cluster.givenUp(by: "m"))
      cluster.kill("n")
      try cluster.join("n again", instance: "n", isCooperative: false)
      try cluster.waitFor("it to have partitions") { !cluster.partitions(of: "n again").isEmpty }
      try cluster.goOn()
      return [
        cluster.partitions(of: "n again") == had ? "the same partitions" : "others",
        try risen(cluster, since: before),
        cluster.givenUp(by: "m") == givenUp ? "the other gave up nothing" : "the other gave something up",
      ]
    },
    Scenario(
      "a member that dies is removed when its session is over, a dynamic one", "KIP-62",
      needs: [.sessions], documented: ["the other has 2", "the generation rose"]
    ) { cluster in
      _ = try first(cluster, "m", isCooperative: false)
      try cluster.join("n", instance: nil, isCooperative: false)
      try share(cluster, "m", "n")
      return try expireN(cluster, generation(cluster, "m"))
    },
    Scenario(
      "a member that dies is removed when its session is over, a static one", "KIP-345",
      needs: [.sessions], documented: ["the other has 2", "the generation rose"]
    ) { cluster in
      try expireN(cluster, twoStaticMembers(cluster))
    },
  ]

  /// A first member that has all partitions; its generation.
  private static func first(
    _ cluster: any Cluster, _ member: String, instance: String? = nil, isCooperative: Bool
  ) throws -> Int {
    try cluster.join(member, instance: instance, isCooperative: isCooperative)
    try cluster.waitFor("the first member to have all") { cluster.partitions(of: member).count == 2 }
    return try generation(cluster, member)
  }

  /// `m` and `n`, with one partition each; their generation.
  private static func twoStaticMembers(_ cluster: any Cluster) throws -> Int {
    _ = try first(cluster, "m", instance: "m", isCooperative: false)
    try cluster.join("n", instance: "n", isCooperative: false)
    try share(cluster, "m", "n")
    return try generation(cluster, "m")
  }

  private static func expireN(_ cluster: any Cluster, _ before: Int) throws -> [String] {
    cluster.kill("n")
    try cluster.waitFor("the other to have all") { cluster.partitions(of: "m").count == 2 }
    return [
      "the other has \(cluster.partitions(of: "m").count)",
      try risen(cluster, since: before),
    ]
  }

  private static func share(_ cluster: any Cluster, _ one: String, _ other: String) throws {
    try cluster.waitFor("\(one) and \(other) to have one partition each") {
      guard cluster.partitions(of: one).count == 1, cluster.partitions(of: other).count == 1 else {
        return false
      }
      return try cluster.membership(of: one)?.generation == cluster.membership(of: other)?.generation
    }
  }

  private static func generation(_ cluster: any Cluster, _ member: String) throws -> Int {
    guard let membership = try cluster.membership(of: member) else { throw NotSeen(what: "a membership") }
    return membership.generation
  }

  private static func overlap(_ cluster: any Cluster, _ one: String, _ other: String) -> String {
    let (first, second) = (cluster.partitions(of: one), cluster.partitions(of: other))
    return
      "\(first.count) and \(second.count), \(first.isDisjoint(with: second) ? "disjoint" : "not disjoint")"
  }

  /// At least once: a broker may rebalance again when a client was slow.
  private static func risen(_ cluster: any Cluster, since before: Int) throws -> String {
    try generation(cluster, "m") > before ? "the generation rose" : "the generation stayed"
  }
}
