import Foundation
import RulesModel

/// Rules that commands and states are judged by here.
enum FuzzedRules {
  static let orders = parsed(
    """
    object: order
    fields: {customer: string, total: integer}
    states: [open, paid, shipped, cancelled]
    commands:
      create:  {from: none, to: open, event: created, require: {customer: string, total: integer}, set: [customer, total]}
      amend:   {from: open, to: open, event: amended, require: {total: integer}, when: ["total > 0", "total != state.total"], set: [total]}
      pay:     {from: open, to: paid, event: paid, require: {amount: integer}, when: ["amount == state.total"]}
      ship:    {from: paid, to: shipped, event: shipped}
      cancel:  {from: [open, paid], to: cancelled, event: cancelled}
      purge:   {from: cancelled, to: none, event: purged}
    """)

  static let versions = parsed(
    """
    object: order
    version: 2
    fields: {name: string, total: integer, price: {type: decimal, scale: 2}, ok: boolean}
    states: [open, done]
    migrate: {from: 1, states: {old: open}, fields: {name: "'x'"}}
    commands:
      create: {from: none, to: open, event: created, require: {name: string}, set: [name]}
    """)

  private static func parsed(_ yaml: String) -> Rules {
    do {
      return try RulesFile.parse(yaml, path: "fuzz")
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The text of a file of the package; empty when it is run elsewhere.
  static func example(_ path: String) -> String {
    (try? String(contentsOf: URL(filePath: "Examples/\(path)"), encoding: .utf8)) ?? ""
  }
}
