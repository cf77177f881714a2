import HTTPTypes

/// The page for people: one document, one style sheet, one script, and nothing from anywhere else.
enum OperationsPage {
  static var routes: [HTTPRoute] {
    [
      // The second path is for a service that has a page of its own.
      part("/", "text/html; charset=utf-8", document),
      part("/operations", "text/html; charset=utf-8", document),
      part("/page.css", "text/css; charset=utf-8", style),
      part("/page.js", "text/javascript; charset=utf-8", script),
    ]
  }

  private static func part(_ path: String, _ contentType: String, _ text: String) -> HTTPRoute {
    .get(path, access: .operate) { _ in
      var answer = HTTPAnswer(.ok, contentType, Array(text.utf8))
      // Of the version that is asked: after an upgrade of the worker it is another one.
      answer.fields[.cacheControl] = "no-cache"
      answer.fields[.contentSecurityPolicy] = policy
      answer.fields[.init("Referrer-Policy")!] = "no-referrer"
      return answer
    }
  }

  /// No script or style but the page's own, no other host, no frame around it.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  static let document = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Sequitur</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="page.css">
    <script src="page.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#partitions">Skip to the partitions</a>
    <header>
      <h1><span id="application">Sequitur</span> <small id="about"></small></h1>
      <p id="state" role="status"><span class="badge wait">connecting</span></p>
    </header>
    <main>
      <section id="troubles" aria-label="Trouble" aria-live="polite"></section>
      <section aria-label="Flow">
        <ol class="flow">
          <li class="node"><b>commands</b><span id="topic-commands"></span></li>
          <li class="arrow"><b id="rate-in">–</b><span id="lag-in">–</span></li>
          <li class="node main"><b>worker</b><span id="worker-about">–</span></li>
          <li class="arrow"><b id="rate-out">–</b><span id="commit">–</span></li>
          <li class="node"><b>valid</b><span id="topic-valid"></span></li>
          <li class="arrow"><b>read</b><span>by any number</span></li>
          <li class="node"><b>followers</b><span>each tells its own lag</span></li>
        </ol>
        <p class="aside">Rejected: <b id="rate-rejected">–</b> to <span id="topic-invalid"></span></p>
      </section>
      <section aria-label="The last half hour">
        <h2>The last half hour</h2>
        <div class="charts">
          <figure><figcaption>Commands a second</figcaption><div id="chart-rate"></div></figure>
          <figure><figcaption>Rejections a second, by code</figcaption><div id="chart-codes"></div></figure>
          <figure><figcaption>Time of a commit</figcaption><div id="chart-commit"></div></figure>
          <figure><figcaption>Waiting, and still to restore</figcaption><div id="chart-lag"></div></figure>
        </div>
      </section>
      <section aria-label="Partitions">
        <h2 id="partitions" tabindex="-1">Partitions</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="partitions">
          <table>
            <thead><tr id="columns"></tr></thead>
            <tbody id="rows"></tbody>
          </table>
        </div>
      </section>
      <section aria-label="Settings">
        <details><summary>Settings</summary>
          <div class="scroll"><table><thead><tr><th>setting</th><th>value</th><th>from</th></tr></thead>
          <tbody id="settings"></tbody></table></div>
        </details>
      </section>
    </main>
    <footer><a href="status">status</a> <a href="ready">ready</a> <a href="metrics">metrics</a></footer>
    <noscript><p>This page needs its script. <a href="status">The status as JSON</a> does not.</p></noscript>
    </body>
    </html>

    """
}
