import RulesModel
import Sequitur

/// How a command is decided, step by step; for examples, not for the hot path.
extension LifecycleDecider {
  /// One of a command's rules, and how far the command came with it.
  struct Trial {
    let rule: CommandRule
    let guardsHeld: Int
    /// Whether the guard behind those that held has failed.
    let hasGuardFailed: Bool
    /// Whether the command fits, and the state after it is within all bounds.
    let isAccepted: Bool
  }

  /// The rules that are tried, in their order.
  func trace(
    _ command: LifecycleCommand, _ state: LifecycleState?, _ context: borrowing DecisionContext
  ) -> [Trial] {
    let first = program.commands[command.box.index]
    let isAccepted =
      switch decideWhole(first, command, state, context) {
      case .reject: false
      case .accept, .acceptAll: true
      }
    // The decision may have left the machine with the state after it.
    program.machine.see(state: state.map { UnsafePointer($0.box.values) })
    var trials: [Trial] = []
    for rule in [first] + first.alternatives {
      switch misfit(rule, command, state) {
      case nil:
        trials.append(
          Trial(rule: rule.rule, guardsHeld: rule.guards.count, hasGuardFailed: false, isAccepted: isAccepted)
        )
        return trials
      case .condition(let index)?:
        trials.append(Trial(rule: rule.rule, guardsHeld: index, hasGuardFailed: true, isAccepted: false))
      case .fault(let index, _)?:
        trials.append(Trial(rule: rule.rule, guardsHeld: index, hasGuardFailed: false, isAccepted: false))
        return trials
      case .status?, .field?, .unknownField?:
        trials.append(Trial(rule: rule.rule, guardsHeld: 0, hasGuardFailed: false, isAccepted: false))
      }
    }
    return trials
  }

  /// A state's status.
  func status(of state: LifecycleState) -> String { program.statuses.names[state.box.index] }
}
