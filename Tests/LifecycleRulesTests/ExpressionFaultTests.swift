import LifecycleRules
import Testing

/// What is said about expressions that are wrong, and where.
struct ExpressionFaultTests {
  /// The fault of a guard on line 9, from column 9 on, without the file's name.
  private func faults(_ condition: String) -> String {
    let yaml = """
      object: o
      fields: {a: integer, b: boolean, price: {type: decimal, scale: 2}, c: {enum: [red, green]}, until: timestamp, l: {list: string}}
      states: [s]
      commands:
        x:
          from: [none, s]
          to: s
          when:
            - \(condition)
          require: {k: integer, t: string, p: {type: decimal, scale: 2}, n: number, flag: boolean}
          set: [a, b, price, c, until, l]
          event: e
      """
    return RulesFile.check(yaml, path: "r").errors.map(\.description).joined(separator: "\n")
  }

  private static let operators = "Expected one of + - * / % == != < <= > >= and or not in, but found"
  private static let operand =
    "Expected a field, `state.` and a field, 'text', a number, a duration, true or false, but"

  @Test(arguments: [
    ("k > 1 || k < 0", "r:9:15: \(operators) `||`. Write `or`."),
    ("k > 1 && k < 9", "r:9:15: \(operators) `&&`. Write `and`."),
    ("k = 1", "r:9:11: \(operators) `=`. Write `==` to compare."),
    ("k === 1", "r:9:11: \(operators) `===`. Write `==` to compare."),
    ("k <> 1", "r:9:11: \(operators) `<>`. Write `!=`."),
    ("k => 1", "r:9:11: \(operators) `=>`. Write `>=`."),
    ("'!flag'", "r:9:10: \(operators) `!`. Write `not`."),
    ("k ? 1", "r:9:11: \(operators) `?`. Write a second alternative of the command instead."),
    ("k ** 2 > 1", "r:9:11: \(operators) `**`. Write the factors out, like `x * x`."),
    ("k ≤ 1", "r:9:11: \(operators) `≤`. Write `<=`."),
    ("k AND flag", "r:9:11: Expected the end of the expression, but found `AND flag`. Write `and`."),
    (
      "k is 1", "r:9:11: Expected the end of the expression, but found `is 1`. Write `==` or `!=` to compare."
    ),
    ("NOT flag", "r:9:9: Expected `not`, but found `NOT`. Write `not`."),
    (
      "t == \"x\"",
      "r:9:14: Expected text in single quotes, but found `\"`. Write 'text'."
    ),
  ])
  func `what other languages write is told in this one`(condition: String, expected: String) {
    #expect(faults(condition) == expected)
  }

  @Test(arguments: [
    (
      "$time > state.until + 10",
      "r:9:29: Expected two values of one type around `+`, but `state.until` is a timestamp and `10` is an integer. Write a duration with its unit, like `10s`."
    ),
    (
      "$time > state.until + 10min",
      "r:9:31: Expected a duration like 10m, in w, d, h, m, s or ms, but found `10min`. Write `10m`."
    ),
    (
      "$time > state.until + 1.5h",
      "r:9:31: Expected a duration like 10m, in w, d, h, m, s or ms, as whole numbers, but found `1.5h`. Write a smaller unit, as 90m instead of 1.5h."
    ),
    (
      "$time > state.until + 10 minutes",
      "r:9:34: Expected the end of the expression, but found `minutes`. Write the duration as `10m`."
    ),
    (
      "$time > '2026-02-30T00:00:00Z'",
      "r:9:17: Expected a time like '2026-11-23T13:05:00Z' as a time, but found '2026-02-30T00:00:00Z'."
    ),
    (
      "k > 30m1h",
      "r:9:13: Expected a number as JSON writes it, like 12 or -0.5, or a duration like 10m, but found `30m1h`."
    ),
    ("k > 1_000", "r:9:13: Expected a number without `_`, but found `1_000`. Write `1000`."),
  ])
  func `a wrong time or duration is named with the right one`(condition: String, expected: String) {
    #expect(faults(condition) == expected)
  }

  @Test(arguments: [
    (
      "amont + 1 > 0",
      "r:9:9: Expected one of k, t, p, n, flag, a, b, price, c, until, l, but found `amont`. Declare it in `require` or `optional`."
    ),
    (
      "kk + 1 > 0",
      "r:9:9: Expected one of k, t, p, n, flag, a, b, price, c, until, l, but found `kk`. Did you mean `k`?"
    ),
    (
      "state.pric > 1",
      "r:9:9: Expected one of a, b, price, c, until, l, but found `pric`. Did you mean `price`?"
    ),
    (
      "state.price-k > 0",
      "r:9:9: Expected one of a, b, price, c, until, l, but found `price-k`. Write spaces to subtract: `price - k`."
    ),
    (
      "lenght(t) > 1",
      "r:9:9: Expected one of the functions min, max, length, abs, round, has, but found `lenght(`. Did you mean `length`?"
    ),
    ("$tim > 1", "r:9:9: Expected one of $time, $key, $version, but found `$tim`. Did you mean `$time`?"),
    ("state.c == 'blue'", "r:9:20: Expected one of red, green, but found 'blue'."),
    (
      "state.c in ['red', 'gren']",
      "r:9:28: Expected one of red, green in the list, but found 'gren'. Did you mean `green`?"
    ),
  ])
  func `a name that is not known is named with the nearest`(condition: String, expected: String) {
    #expect(faults(condition) == expected)
  }

  @Test(arguments: [
    (
      "k + t > 1",
      "r:9:11: Expected two values of one type around `+`, but `k` is an integer and `t` is a string."
    ),
    ("k", "r:9:9: Expected a condition like `total > 0`, but `k` is an integer."),
    ("not k", "r:9:13: Expected a condition after `not`, but `k` is an integer."),
    ("flag and k", "r:9:18: Expected a condition after `and`, but `k` is an integer."),
    ("-t == 't'", "r:9:10: Expected a number or a duration after -, but `t` is a string."),
    (
      "n + p > 1",
      "r:9:11: Expected two values of one type around `+`, but `n` is a number and `p` is a decimal with 2 places. A number is a double and not exact: declare both as decimal."
    ),
    ("state.l < state.l", "r:9:17: Expected == or != between lists, but found `<`."),
    (
      "flag + 1 > 1",
      "r:9:14: Expected two values of one type around `+`, but `flag` is a boolean and `1` is an integer."
    ),
    ("k / 0 > 1", "r:9:13: Expected a divisor that is not zero, but found `0`."),
    ("k % 0.00 > 1", "r:9:13: Expected a divisor that is not zero, but found `0.00`."),
    ("min(k) > 1", "r:9:9: Expected min(a, b, …), but found one value."),
    ("has(k + 1)", "r:9:13: Expected a field in has(…), but found `k + 1`."),
    ("round(k, 2) > 1", "r:9:15: Expected a decimal in round(…), but `k` is an integer."),
    ("round(p, 99) > 1", "r:9:18: Expected a number of places, 0 to 34, but found `99`."),
    ("length(k) > 1", "r:9:16: Expected a string or a list in length(…), but `k` is an integer."),
    ("k in state.l", "r:9:9: Expected a string before `in`, but `k` is an integer."),
    ("t in state.a", "r:9:14: Expected a list after `in`, like `['a', 'b']`, but `state.a` is an integer."),
    ("k in [1, t]", "r:9:18: Expected an integer in the list, but `t` is a string."),
  ])
  func `types that do not go together are named`(condition: String, expected: String) {
    #expect(faults(condition) == expected)
  }

  @Test(arguments: [
    ("k == 1 and", "r:9:19: \(operand) the expression ends here."),
    ("(k == 1", "r:9:16: Expected `)` that closes the ( before it, but the expression ends here."),
    ("k == 1)", "r:9:15: Expected the end of the expression, but found `)`. There is no ( before it."),
    (
      "k < 1 < 2",
      "r:9:15: Expected one comparison, but found `<` behind `k < 1`. Write `and` between two comparisons."
    ),
    (
      "k in (1, 2)",
      "r:9:16: Expected `)` that closes the ( before it, but found `, 2)`. A list stands in brackets: [1, 2]."
    ),
    (
      "state.l[0] == 't'",
      "r:9:16: Expected the end of the expression, but found `[0] == 't'`. Elements of lists cannot be taken; `x in list` asks whether a list has one."
    ),
    ("k == 1; t == 'x'", "r:9:15: \(operators) `;`. Write the next condition as a guard of its own."),
    ("'k == ''x'", "r:9:15: Expected a ' that ends the text, but the expression ends."),
    (
      "!flag",
      "r:9:9: Expected an expression, but YAML reads what begins with `!` as a tag. Write `not`, or `!=` in quotes."
    ),
  ])
  func `a grammar fault is named where it stands`(condition: String, expected: String) {
    #expect(faults(condition) == expected)
  }

  @Test(arguments: [
    ("k > 0 and\n          kk + 1 > 0", "r:10:11:"),
    (">-\n          k > 0 and\n          kk + 1 > 0", "r:11:11:"),
    ("|\n          k > 0 and\n            kk + 1 > 0", "r:11:13:"),
    ("\"k > 0 and\n          kk + 1 > 0\"", "r:10:11:"),
    ("\"k > 0 and \\\n          kk + 1 > 0\"", "r:10:11:"),
    ("'t == ''it''''s'' and kk + 1 > 0'", "r:9:31:"),
    ("\"t == '\\u00e9' and kk + 1 > 0\"", "r:9:28:"),
    ("t == '😀é' and kk + 1 > 0", "r:9:23:"),
  ])
  func `a place is right in whatever form YAML has the text`(condition: String, place: String) {
    #expect(faults(condition).hasPrefix(place), "\(faults(condition))")
  }

  @Test func `what is too deep or too long is refused with its limit`() {
    #expect(
      faults(String(repeating: "(", count: 40) + "k").hasSuffix(
        "Expected at most 32 levels of nesting in an expression, but found more."))
    #expect(
      faults("flag and " + String(repeating: "not ", count: 2000) + "flag").hasSuffix(
        "Expected an expression of at most 4096 characters, but it has 8013."))
    #expect(
      faults("k > 0" + String(repeating: " + 1", count: 400)).hasSuffix(
        "Expected at most 512 words and signs in an expression, but found more."))
    #expect(faults("not " + String(repeating: "not ", count: 40) + "flag").contains("levels of nesting"))
    #expect(faults("k > " + String(repeating: "- ", count: 40) + "k").contains("levels of nesting"))
    #expect(faults("k > 0" + String(repeating: " + 1", count: 200)) == "")
  }

  @Test(arguments: [
    "and == 1", "or == 1", "not == 1", "in == 1", "state == 1", "min == 1", "has == 'a'", "x-y == 1",
    "x == and", "1 == not",
  ])
  func `names that have become words are still fields of old files`(condition: String) {
    #expect(faults(condition) == "")
  }
}
