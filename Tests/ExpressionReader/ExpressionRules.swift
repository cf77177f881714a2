/// The object that Oracle/expressions.py makes expressions for.
enum ExpressionRules {
  /// Rules with a field of each type, all of which `put` sets.
  ///
  /// - Parameter commands: further ones, each line indented by two spaces.
  static func text(_ commands: String) -> String {
    """
    object: o
    fields:
      i1: integer
      i2: integer
      m1: integer
      d1: {type: decimal, scale: 2}
      d2: {type: decimal, scale: 4}
      n1: number
      b1: boolean
      s1: string
      t1: timestamp
      u1: duration
      l1: {list: string}
    states: [s]
    commands:
      put: {from: none, to: s, event: put, set: [i1, i2, m1, d1, d2, n1, b1, s1, t1, u1, l1]}
    \(commands)
    """
  }
}
