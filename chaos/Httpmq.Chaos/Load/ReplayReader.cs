using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>
/// Follows the stream through one gateway by a replay, and whenever its answer breaks off it goes on where it was, by either way that there
/// is to say so. While unruly it also leaves without a word, and stops reading for a while.
/// </summary>
/// <param name="name">Its name in the journal.</param>
/// <param name="site">Which gateway.</param>
/// <param name="context">What all share.</param>
/// <param name="seed">Of what it does at random.</param>
/// <param name="overWebSocket">Whether it reads over a WebSocket; else lines over HTTP/2.</param>
internal sealed class ReplayReader(string name, int site, LoadContext context, int seed, bool overWebSocket = false) : IDisposable
{
    private const double StallChance = 0.0002;
    private const int BufferSize = 16 * 1024;
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(seed);
    private readonly GatewayClient _client = new(context.Sites[site].Address);
    private int _answers;
    private ulong _last;

    /// <summary>The last sequence that it has.</summary>
    public ulong Last => Volatile.Read(ref _last);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var answer = $"{name}.{++_answers}@{context.Sites[site].Name}";
            string end;
            try
            {
                end = await ReadAsync(answer, stopping);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or SocketException or IOException or WebSocketException or JsonException
                    or OperationCanceledException)
            {
                end = $"{exception.GetType().Name}: {(exception.InnerException ?? exception).Message}";
            }

            context.Journal.Write(new NoteEntry(context.Clock.Now, answer, $"ended: {end}"));
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> ReadAsync(string answer, CancellationToken stopping)
    {
        var path = $"/v1/data/stream/{context.Stream}/message?follow=true";
        var named = _random.Next(2) == 0;
        path = named ? path : $"{path}&from_seq={_last + 1}";
        ulong? lastEventId = named && _last > 0 ? _last : null;
        if (overWebSocket)
        {
            using var socket = await _client.OpenWebSocketAsync(path, stopping, lastEventId);
            return await ReadAsync(answer, TextsAsync, stopping);

            IAsyncEnumerable<string> TextsAsync(CancellationToken cancellationToken) => ReplayReader.TextsAsync(socket, cancellationToken);
        }

        using var response = await _client.SubscribeAsync(path, stopping, lastEventId);
        return response.StatusCode is HttpStatusCode.OK
            ? await ReadAsync(answer, cancellationToken => LinesAsync(response, cancellationToken), stopping)
            : Ended(answer, (int)response.StatusCode, await response.Content.ReadAsStringAsync(stopping));
    }

    private async Task<string> ReadAsync(
        string answer, Func<CancellationToken, IAsyncEnumerable<string>> open, CancellationToken stopping)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var leave = new Timer(_ => LeaveIfUnruly(leaving));
        if (context.Unruly && _random.Next(2) == 0)
        {
            leave.Change(TimeSpan.FromSeconds(2 + (_random.NextDouble() * 15)), Timeout.InfiniteTimeSpan);
        }

        context.Journal.Write(new NoteEntry(context.Clock.Now, answer, $"open behind {_last}"));
        await foreach (var line in open(leaving.Token))
        {
            var json = JsonNode.Parse(line)!;
            if (json["event"] is not null)
            {
                continue;
            }

            if (!(bool)json["success"]!)
            {
                return Ended(answer, (int)json["error"]!["code"]!, line);
            }

            var sequence = (ulong)json["sequence"]!["stream"]!;
            context.Journal.Write(new ReplayEntry(
                context.Clock.Now, name, sequence, Payload.NameOf(Convert.FromBase64String((string)json["b64_msg"]!))));
            Volatile.Write(ref _last, sequence);
            if (context.Unruly && _random.NextDouble() < StallChance)
            {
                await Task.Delay(LongestStall * _random.NextDouble(), leaving.Token);
            }
        }

        return "end of stream";
    }

    private static async IAsyncEnumerable<string> LinesAsync(
        HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    private static async IAsyncEnumerable<string> TextsAsync(
        ClientWebSocket socket, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.GetMemory(BufferSize), cancellationToken);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                yield break;
            }

            buffer.Advance(part.Count);
            if (part.EndOfMessage)
            {
                yield return Encoding.UTF8.GetString(buffer.WrittenSpan);
                buffer.ResetWrittenCount();
            }
        }
    }

    private void LeaveIfUnruly(CancellationTokenSource leaving)
    {
        if (context.Unruly)
        {
            leaving.Cancel();
        }
    }

    private string Ended(string answer, int code, string detail)
    {
        context.Journal.Write(new EndEntry(context.Clock.Now, answer, code, detail));
        return $"{code} {detail}";
    }
}
