using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>The process in mode <c>all</c> on a store that can be broken, and a journal of what it said was stored.</summary>
internal sealed partial class EmbeddedGateway : IAsyncDisposable
{
    public const string Stream = "kept";

    /// <summary>Every route answers within 5 s; the rest is for a machine that does other things as well.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    private readonly int _management = Ports.Free();
    private readonly int _dataplane = Ports.Free();
    private readonly int _nats = Ports.Free();
    private readonly HttpClient _http = new() { Timeout = Longest };
    private readonly ConcurrentDictionary<ulong, string> _stored = [];
    private GatewayProcess? _child;
    private int _published;

    public EmbeddedGateway(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>The nats-server that the next start runs.</summary>
    public string Executable { get; set; } = ServerUnderTest.Executable;

    public string Store => Path.Combine(Folder, "jetstream");

    public GatewayProcess Child => _child!;

    public string Log => Child.Output + Child.Errors;

    /// <summary>The process id of the nats-server that runs now.</summary>
    public int NatsProcessId =>
        int.Parse(Started().Matches(Child.Output + Child.Errors)[^1].Groups["id"].Value, CultureInfo.InvariantCulture);

    public async Task StartAsync()
    {
        _child = HttpmqChild.StartAll(
            Folder, _management, _dataplane, _nats, [new("Httpmq__EmbeddedNats__Executable", Executable)], "-l", "info");
        await _child.WaitForOutputAsync("data folder");
        Assert.That(_child.HasExited, Is.False, _child.Errors);
    }

    /// <summary>Stops it in order.</summary>
    public async Task StopAsync()
    {
        Child.Terminate();
        Assert.That(await Child.WaitForExitAsync(), Is.Zero, Child.Errors);
        await Child.DisposeAsync();
        _child = null;
    }

    public async Task DefineAsync(string stream = Stream) =>
        Assert.That(
            (await ManageAsync(HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{stream}}"}""")).Status, Is.EqualTo(HttpStatusCode.OK));

    public Task<(HttpStatusCode Status, string Text)> ManageAsync(HttpMethod method, string path, string? body = null) =>
        SendAsync(method, _management, path, body);

    public Task<(HttpStatusCode Status, string Text)> DataAsync(HttpMethod method, string path, string? body = null) =>
        SendAsync(method, _dataplane, path, body);

    /// <summary>Publishes a message that is like no other, and notes it when it was stored.</summary>
    public async Task<(HttpStatusCode Status, string Text)> PublishAsync(int size = 2000)
    {
        var payload = $"{Interlocked.Increment(ref _published)} {new string('x', size)}";
        var answer = await PublishToAsync(Stream, payload);
        if (answer.Status == HttpStatusCode.OK)
        {
            _stored[(ulong)JsonNode.Parse(answer.Text)!["sequence"]!] = payload;
        }

        return answer;
    }

    public Task<(HttpStatusCode Status, string Text)> PublishToAsync(string subject, string payload) =>
        DataAsync(HttpMethod.Post, $"/v1/data/subject/{subject}", Convert.ToBase64String(Encoding.UTF8.GetBytes(payload)));

    /// <summary>Publishes until an answer is as expected.</summary>
    public async Task PublishUntilAsync(HttpStatusCode status, string text = "", int size = 2000)
    {
        var last = "";
        try
        {
            await Eventually.HoldsAsync(Says, $"a publish answered {status} {text}", TimeSpan.FromSeconds(30));
        }
        catch (AssertionException)
        {
            await TestContext.Out.WriteLineAsync($"last: {last} log: {Child.Errors}{Child.Output}");
            throw;
        }

        async Task<bool> Says()
        {
            var answer = await PublishAsync(size);
            last = $"{answer}";
            return answer.Status == status && answer.Text.Contains(text, StringComparison.Ordinal);
        }
    }

    /// <summary>Waits until both APIs answer so to <c>ready</c>.</summary>
    public async Task ReadyBecomesAsync(HttpStatusCode status, string text = "", TimeSpan? timeLimit = null)
    {
        var last = "";
        try
        {
            await Eventually.HoldsAsync(Says, $"ready {status} '{text}'", timeLimit);
        }
        catch (AssertionException)
        {
            await TestContext.Out.WriteLineAsync($"last: {last} log: {Child.Errors}{Child.Output}");
            throw;
        }

        async Task<bool> Says()
        {
            var data = await DataAsync(HttpMethod.Get, "/v1/data/ready");
            var management = await ManageAsync(HttpMethod.Get, "/v1/admin/ready");
            last = data.Text;
            return data.Status == status && management.Status == status && data.Text.Contains(text, StringComparison.Ordinal)
                && management.Text.Contains(text, StringComparison.Ordinal);
        }
    }

    /// <summary>Whatever was answered 200 is in the stream, where the answer said and as it was sent.</summary>
    public async Task NothingIsLostAsync()
    {
        await using var nats = Connect();
        var stream = await new NatsJSContext(nats).GetStreamAsync(Stream);
        Assert.That(_stored, Is.Not.Empty);
        foreach (var (sequence, payload) in _stored)
        {
            var message = (await stream.GetAsync(new StreamMsgGetRequest { Seq = sequence })).Message;
            Assert.That(Encoding.UTF8.GetString(message.Data.Span), Is.EqualTo(payload), $"sequence {sequence}");
        }
    }

    /// <summary>Takes the consumer's next message and acknowledges it; its sequence in the stream.</summary>
    public async Task<ulong> TakeAsync(string consumer)
    {
        await using var nats = Connect();
        var message = await (await new NatsJSContext(nats).GetConsumerAsync(Stream, consumer)).NextAsync<byte[]>();
        await message!.AckAsync(new AckOpts { DoubleAck = true });
        return message.Metadata!.Value.Sequence.Stream;
    }

    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.DisposeAsync();
        }

        _http.Dispose();
    }

    /// <summary>As the <c>nats</c> command would, with the key that the folder has.</summary>
    private NatsConnection Connect() => new(ClientSettings.Of(new NatsOptions
    {
        Url = $"nats://127.0.0.1:{_nats}",
        Login = NatsLogin.OfNKey(Secret.InFile(Path.Combine(Folder, "nats-server.nk"))),
    }));

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, int port, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{port}{path}"));
        request.Content = body is null ? null : new StringContent(body);
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex(@"nats-server \S+ \(process (?<id>\d+)\) is ready", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Started();
}

/// <summary>Makes a folder that cannot be written, or has an end.</summary>
internal static class BrokenFolder
{
    /// <summary>Nothing in it can be written; false where this system has no way to do that.</summary>
    public static async Task<bool> FreezeAsync(string folder) =>
        Environment.IsPrivilegedProcess ? await RunAsync("chattr", "-R", "+i", folder) : await RunAsync("chmod", "-R", "a-w", folder);

    public static async Task ThawAsync(string folder) =>
        _ = Environment.IsPrivilegedProcess ? await RunAsync("chattr", "-R", "-i", folder) : await RunAsync("chmod", "-R", "u+w", folder);

    /// <summary>A disk of 16 MB; false where mounting is not allowed.</summary>
    public static Task<bool> MountAsync(string folder) => RunAsync("mount", "-t", "tmpfs", "-o", "size=16m", "httpmq-test", folder);

    /// <summary>Also while somebody has files open there.</summary>
    public static Task UnmountAsync(string folder) => RunAsync("umount", "-l", folder);

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(
                command, arguments)
            { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
