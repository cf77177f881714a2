import HTTPTypes
import Sequitur
import SequiturHTTP

/// The gateway's page for people: send a command, watch its outcome, look an object up, follow the feed.
///
/// One document, one style sheet and one script, and nothing from anywhere else.
enum GatewayPage {
  static var routes: [HTTPRoute] {
    [
      part("/", "text/html; charset=utf-8", document),
      part("/gateway.css", "text/css; charset=utf-8", style),
      part("/gateway.js", "text/javascript; charset=utf-8", script),
    ]
  }

  private static func part(_ path: String, _ contentType: String, _ text: String) -> HTTPRoute {
    .get(path, access: .known) { _ in
      var answer = HTTPAnswer(.ok, contentType, Array(text.utf8))
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

  private static let document = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Sequitur gateway</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="gateway.css">
    <script src="gateway.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#command">Skip to the commands</a>
    <header>
      <h1>Sequitur gateway</h1>
      <nav><a href="operations">Operations</a> <a href="openapi.json">OpenAPI</a></nav>
    </header>
    <main>
      <section aria-labelledby="command">
        <h2 id="command" tabindex="-1">Send a command</h2>
        <form id="send">
          <label>Object’s key <input id="key" required maxlength="\(Limits.keyBytesMax)" autocomplete="off"></label>
          <label>Command <select id="type"></select></label>
          <div id="fields"></div>
          <label>Expected version <input id="version" placeholder="any" autocomplete="off"></label>
          <button>Send</button>
        </form>
        <div id="outcome" role="status" aria-live="polite"></div>
      </section>
      <section aria-labelledby="object">
        <h2 id="object">Look an object up</h2>
        <form id="look">
          <label>Object’s key <input id="looked" required maxlength="\(Limits.keyBytesMax)" autocomplete="off"></label>
          <button>Look</button>
        </form>
        <div id="state" role="status" aria-live="polite"></div>
        <ol id="history" aria-label="Its history"></ol>
      </section>
      <section aria-labelledby="feed">
        <h2 id="feed">Events as they are committed</h2>
        <p><button id="pause" type="button" aria-pressed="false">Pause</button> <span id="live" role="status">connecting</span></p>
        <ol id="events" tabindex="0" aria-label="Events, the newest first"></ol>
      </section>
    </main>
    <noscript><p>This page needs its script. <a href="openapi.json">The interface’s description</a> does not.</p></noscript>
    </body>
    </html>

    """

  private static let style = """
    :root {
      color-scheme: light dark;
      --page: light-dark(#f6f7f9, #14171b); --card: light-dark(#fff, #1d2228); --text: light-dark(#1a1f26, #e6e9ee);
      --soft: light-dark(#56606d, #a2adba); --line: light-dark(#d5dae1, #353d47); --good: light-dark(#0a7a3f, #4cc38a);
      --bad: light-dark(#b3261e, #ff8a80); --wait: light-dark(#8a5a00, #f0b541); --a: light-dark(#1f5fd0, #7aa7ff);
    }
    * { box-sizing: border-box }
    body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif }
    header, main { max-width: 76rem; margin: 0 auto; padding: 0 1rem }
    header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between; padding-top: .75rem }
    h1 { font-size: 1.3rem; margin: .25rem 0 } h2 { font-size: 1rem; margin: 0 0 .5rem } p { margin: .25rem 0 }
    main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1rem; align-items: start; padding-bottom: 2rem }
    section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem; min-width: 0 }
    label { display: block; margin: .4rem 0; color: var(--soft) }
    input, select { display: block; width: 100%; font: inherit; color: var(--text); background: var(--page); border: 1px solid var(--line);
      border-radius: .3rem; padding: .35rem .5rem }
    button { font: inherit; padding: .35rem .9rem; border-radius: .3rem; border: 1px solid var(--a); background: var(--a); color: var(--card); cursor: pointer }
    button:disabled { opacity: .5 } a { color: var(--a) }
    .skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem }
    :focus-visible { outline: 3px solid var(--a); outline-offset: 2px }
    .good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) }
    .told { border-left: .3rem solid; padding: .3rem .6rem; margin-top: .6rem; overflow-wrap: anywhere }
    .told span { color: var(--text) }
    ol { list-style: none; margin: .5rem 0 0; padding: 0; max-height: 26rem; overflow: auto }
    li { border-top: 1px solid var(--line); padding: .3rem 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
    li small, pre { color: var(--soft) } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 0 }

    """

  private static let script = """
    'use strict';
    const $ = id => document.getElementById(id);
    const make = (name, text, kind) => {
      const element = document.createElement(name);
      if (text !== undefined) element.textContent = text;
      if (kind) element.className = kind;
      return element;
    };
    const tell = (place, kind, title, text) => {
      const told = make('div', undefined, 'told ' + kind);
      told.append(make('b', title), ' ', make('span', text));
      place.replaceChildren(told);
    };
    const read = async answer => {
      const text = await answer.text();
      try { return JSON.parse(text) } catch { return {detail: text.slice(0, 500) || answer.statusText} }
    };
    const problem = (place, answer, body) => tell(place, 'bad', `${answer.status} ${body.code || ''}`, body.reason || body.detail || '');
    const objectPath = key => 'objects/' + encodeURIComponent(key);

    let commands = {};
    async function describe() {
      const answer = await fetch('openapi.json');
      const body = await read(answer);
      if (!answer.ok) return problem($('outcome'), answer, body);
      commands = {};
      for (const [path, item] of Object.entries(body.paths || {})) {
        const found = path.match(/^\\/objects\\/\\{key\\}\\/commands\\/(.+)$/);
        if (found && item.post) commands[decodeURIComponent(found[1])] = item.post.requestBody?.content?.['application/json']?.schema || {};
      }
      $('type').replaceChildren(...Object.keys(commands).map(name => new Option(name)));
      showFields();
    }
    function showFields() {
      const schema = commands[$('type').value] || {};
      const fields = Object.entries(schema.properties || {}).map(([name, kind]) => {
        const isRequired = (schema.required || []).includes(name);
        const label = make('label', `${name} (${[kind.type].flat().join(' or ') || 'JSON'}${isRequired ? '' : ', optional'}) `);
        const input = make('input');
        Object.assign(input, {name, required: isRequired, autocomplete: 'off'});
        input.dataset.kind = [kind.type].flat()[0] || '';
        label.append(input);
        return label;
      });
      $('fields').replaceChildren(...fields);
    }
    function payload() {
      const members = [];
      for (const input of $('fields').querySelectorAll('input')) {
        if (input.value === '' && !input.required) continue;
        let text = input.value;
        // Digits stay as they were typed: a number of 64 bits is not one of JavaScript's.
        if (input.dataset.kind === 'string') text = JSON.stringify(text);
        else { try { JSON.parse(text) } catch { text = JSON.stringify(text) } }
        members.push(JSON.stringify(input.name) + ':' + text);
      }
      return '{' + members.join(',') + '}';
    }
    $('type').addEventListener('change', showFields);
    $('send').addEventListener('submit', async event => {
      event.preventDefault();
      const [key, button, version] = [$('key').value, event.target.querySelector('button'), $('version').value.trim()];
      const headers = {'Content-Type': 'application/json'};
      if (version === 'none') headers['If-None-Match'] = '*';
      else if (version && version !== 'any') headers['If-Match'] = version === '*' ? '*' : `"${version}"`;
      button.disabled = true;
      tell($('outcome'), 'wait', 'Sent', 'The outcome is waited for.');
      try {
        const answer = await fetch(`${objectPath(key)}/commands/${encodeURIComponent($('type').value)}`, {method: 'POST', headers, body: payload()});
        const body = await read(answer);
        if (answer.status === 202) await outcome(body.token); else show(answer, body);
        $('looked').value = key;
      } catch (error) { tell($('outcome'), 'bad', 'No answer', String(error)) }
      button.disabled = false;
    });
    async function outcome(token) {
      for (let tries = 0; tries < 5; tries++) {
        tell($('outcome'), 'wait', 'Accepted', `It stands at ${token}, and is not decided yet.`);
        const answer = await fetch(`outcomes/${token}?wait=20`);
        if (answer.status !== 202) return show(answer, await read(answer));
      }
    }
    function show(answer, body) {
      if (!answer.ok) return problem($('outcome'), answer, body);
      const events = (body.events || []).map(event => `${event.type} (version ${event.version})`).join(', ');
      tell($('outcome'), 'good', `${answer.status} valid`, events || `It was decided before: version ${body.version}.`);
    }

    $('look').addEventListener('submit', async event => {
      event.preventDefault();
      const path = objectPath($('looked').value);
      $('history').replaceChildren();
      try {
        const answer = await fetch(path);
        if (!answer.ok) return problem($('state'), answer, await read(answer));
        const text = await answer.text();
        tell($('state'), 'good', `version ${JSON.parse(text).version}`, '');
        $('state').append(make('pre', text));
        const past = await fetch(path + '/events');
        if (!past.ok) return $('history').replaceChildren(make('li', (await read(past)).detail));
        for (const line of (await past.text()).split('\\n').filter(line => line)) {
          const told = JSON.parse(line);
          for (const one of Array.isArray(told) ? told : told.events || [told]) $('history').append(item(one));
        }
      } catch (error) { tell($('state'), 'bad', 'No answer', String(error)) }
    });

    const eventsMax = 200;
    let [last, isPaused, held] = ['', false, []];
    // The payload's own text: JavaScript has no number for each of 64 bits.
    function item(event, text) {
      const line = make('li');
      line.append(make('b', event.type), ` ${event.key ?? event.keyHex ?? ''} `, make('small', `version ${event.version} ${event.time ?? ''}`));
      if (text) line.append(make('pre', text));
      return line;
    }
    function take([event, text]) {
      $('events').prepend(item(event, text));
      while ($('events').children.length > eventsMax) $('events').lastChild.remove();
    }
    function block(text) {
      let [data, id, name] = [[], last, 'message'];
      for (const line of text.split('\\n')) {
        if (line.startsWith('data: ')) data.push(line.slice(6));
        else if (line.startsWith('id: ')) id = line.slice(4);
        else if (line.startsWith('event: ')) name = line.slice(7);
      }
      last = id;
      if (name !== 'message' || !data.length) return;
      const line = data.join('\\n');
      const told = [JSON.parse(line), line.match(/,"value":(.*),"offset":\\d+\\}$/)?.[1]];
      if (isPaused) { held.push(told); held = held.slice(-eventsMax) } else take(told);
    }
    async function listen() {
      for (;;) {
        try {
          // Not EventSource, which does not tell why it is refused.
          const answer = await fetch('feed/live', {headers: last ? {'Last-Event-ID': last} : {}});
          if (!answer.ok) throw new Error((await read(answer)).detail);
          $('live').textContent = isPaused ? 'paused' : 'live';
          const [reader, decoder] = [answer.body.getReader(), new TextDecoder()];
          for (let rest = ''; ;) {
            const {done, value} = await reader.read();
            if (done) break;
            const blocks = (rest + decoder.decode(value, {stream: true})).split('\\n\\n');
            rest = blocks.pop();
            blocks.forEach(block);
          }
        } catch (error) {
          $('live').textContent = `not connected: ${error.message}`;
        }
        await new Promise(done => setTimeout(done, 2000));
      }
    }
    $('pause').addEventListener('click', () => {
      isPaused = !isPaused;
      $('pause').setAttribute('aria-pressed', isPaused);
      $('pause').textContent = isPaused ? 'Go on' : 'Pause';
      $('live').textContent = isPaused ? 'paused' : 'live';
      if (!isPaused) { held.forEach(take); held = [] }
    });
    describe();
    listen();

    """
}
