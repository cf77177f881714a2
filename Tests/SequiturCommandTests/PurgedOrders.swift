/// Two orders that are paid and purged, of which one is made again: rules, commands, and what a worker makes of them.
enum PurgedOrders {
  static let rules = """
    object: order
    fields: {customer: string, total: integer}
    states: [open, paid]
    commands:
      create: {from: none, to: open, event: created, require: {total: integer}, set: [customer, total]}
      pay: {from: open, to: paid, event: paid}
      purge: {from: paid, to: none, event: purged}
    """
  static let commands = [
    ("a", "create", #"{"total":5,"customer":"x"}"#), ("a", "pay", "{}"), ("a", "purge", "{}"),
    ("a", "create", #"{"total":7}"#), ("b", "create", #"{"total":1}"#), ("b", "pay", "{}"),
    ("b", "purge", "{}"),
  ]

  /// 0 created · 1 paid · 2 purged · 3 created again · 4…6 b comes and goes · 7 state · 8 tombstone · 9 checkpoint.
  static func outputs(_ log: AuditLog) -> [AuditLog.Output] {
    [
      log.event(key: "a", version: 1, type: "created", command: 0, value: commands[0].2),
      log.event(key: "a", version: 2, type: "paid", command: 1),
      log.event(key: "a", version: 3, type: "purged", command: 2),
      log.event(key: "a", version: 1, type: "created", command: 3, value: commands[3].2),
      log.event(key: "b", version: 1, type: "created", command: 4, value: commands[4].2),
      log.event(key: "b", version: 2, type: "paid", command: 5),
      log.event(key: "b", version: 3, type: "purged", command: 6),
      log.state(key: "a", version: 1, #"{"status":"open","total":7}"#),
      log.state(key: "b", version: 0, nil),
      log.checkpoint(7),
    ]
  }
}
