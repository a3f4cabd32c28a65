using System.Globalization;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Browser;

/// <summary>
/// What a page of another origin gets in a real browser, in every way in which it can ask: nothing, and with <c>allowed_origins</c> what
/// CORS lets it. In the clear and over TLS.
/// </summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class OtherOriginTests
{
    // What a page sees of an answer that it may not read: a failure. The form and no-cors see nothing at all.
    private const string Script = """
        const seen = {};
        const settle = (name, promise) => promise.then(value => seen[name] = value, () => seen[name] = 'refused');
        const fetched = (url, init) => fetch(url, init).then(answer => answer.type === 'opaque' ? 'opaque' : answer.status);
        const events = url => new Promise((resolve, reject) => {
          const source = new EventSource(url);
          source.onopen = () => { source.close(); resolve('open'); };
          source.onerror = () => { source.close(); reject(); };
        });
        const socket = url => new Promise((resolve, reject) => {
          const opened = new WebSocket(url.replace('http', 'ws'), 'httpmq.v1.json');
          opened.onopen = () => { opened.close(); resolve('open'); };
          opened.onerror = reject;
        });
        const form = url => new Promise(resolve => {
          const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'target' }));
          const sent = document.body.appendChild(
            Object.assign(document.createElement('form'), { method: 'POST', action: url, target: 'target', enctype: 'text/plain' }));
          sent.append(Object.assign(document.createElement('input'), { name: '{"name":"STREAM-form","x":"', value: '"}' }));
          frame.onload = () => resolve('sent');
          sent.submit();
        });
        const json = name => ({ method: 'POST', body: JSON.stringify({ name }) });
        addEventListener('load', async () => {
          await Promise.all([
            settle('list', fetched('MANAGEMENT/v1/admin/stream')),
            settle('define', fetched('MANAGEMENT/v1/admin/stream', json('STREAM-fetch'))),
            settle('no-cors', fetched('MANAGEMENT/v1/admin/stream', { mode: 'no-cors', ...json('STREAM-no-cors') })),
            settle('publish', fetched('DATAPLANE/v1/data/subject/STREAM', { method: 'POST', body: 'aGk=' })),
            settle('events', events('DATAPLANE/v1/data/stream/STREAM/message?follow=true')),
            settle('socket', socket('DATAPLANE/v1/data/stream/STREAM/message?follow=true')),
            settle('form', form('MANAGEMENT/v1/admin/stream')),
          ]);
          tell(seen);
        });
        """;

    private readonly string _stream = SharedServers.NewName();
    private readonly int _port = BrowserPage.NewPort();

    [TestCase(false, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public async Task Page_OfAnotherOrigin_GetsNothingUnlessItIsAllowed(bool isAllowed, bool isTls)
    {
        string[] origins = isAllowed ? [$"http://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}"] : [];
        await using var server = await TlsGateway.StartAsync(SharedServers.Nats.Url, origins: origins);
        using var client = server.Gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}");
        await client.DefineStreamAsync(_stream, _stream);
        var (management, dataplane) = isTls ? (server.Management, server.Dataplane) : (server.Gateway.Management, server.Gateway.Dataplane);
        var script = Script
            .Replace("MANAGEMENT", management.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("DATAPLANE", dataplane.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("STREAM", _stream, StringComparison.Ordinal);
        await using var page = BrowserPage.Open(_port, script);

        var seen = await page.NextAsync();
        var defined = new List<string>();
        foreach (var name in new[] { "fetch", "no-cors", "form" })
        {
            if ((await client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{_stream}-{name}")).Success)
            {
                defined.Add(name);
            }
        }

        string[] ways = ["list", "define", "no-cors", "publish", "events", "socket", "form"];
        string[] expected = isAllowed
            ? ["200", "200", "opaque", "200", "open", "open", "sent"]
            : ["refused", "refused", "opaque", "refused", "refused", "refused", "sent"];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ways.Select(way => $"{way} {seen[way]}"), Is.EqualTo(ways.Zip(expected, static (way, one) => $"{way} {one}")));
            Assert.That(defined, isAllowed ? Does.Contain("fetch") : Is.Empty);
            Assert.That((int)(await client.StreamAsync(_stream))["state"]!["messages"]!, Is.EqualTo(isAllowed ? 1 : 0));
        }

        foreach (var name in new[] { "", "-fetch", "-no-cors", "-form" })
        {
            await client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}{name}");
        }
    }
}
