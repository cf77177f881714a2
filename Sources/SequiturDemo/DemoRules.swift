import LifecycleRules
import TerminalView

/// The rules of the demo's orders, built in.
package enum DemoRules {
  static let yaml = """
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
    """

  package static func load() throws -> Rules {
    do throws(RulesFaults) {
      return try RulesFile.parse(yaml, path: "(built in)")
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}
