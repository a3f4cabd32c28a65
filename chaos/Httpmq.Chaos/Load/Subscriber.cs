using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>
/// Subscribes through one gateway, comes back whenever its subscription ends, and acknowledges what it gets through the
/// same gateway or the other, by either route. While unruly it also asks for messages again and ends them where it may, forgets
/// acknowledgements, and leaves without a word.
/// </summary>
internal sealed class Subscriber(
    string name, string consumer, string? group, int site, LoadContext context, int seed, TimeSpan delay = default) : IDisposable
{
    private const int MostAcksInFlight = 64;
    private const double ForgetChance = 0.01;
    private const double NakChance = 0.02;
    private const double TermChance = 0.05;
    private const double ProgressChance = 0.03;
    private const double OtherGatewayChance = 0.6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Random _random = new(seed);
    private readonly GatewayClient _subscribing = new(context.Sites[site].Address);
    private readonly Acknowledger _acks = new(consumer, context);

    // Reading never waits for acknowledgements: what was received when must not depend on how those fare.
    private readonly Channel<(int Site, Settling Settling, ulong Sequence, ulong ConsumerSequence)> _received =
        Channel.CreateUnbounded<(int, Settling, ulong, ulong)>();
    private int _subscriptions;

    public async Task RunAsync(CancellationToken stopping)
    {
        await Task.Delay(delay, CancellationToken.None);
        var acks = Enumerable.Range(0, MostAcksInFlight).Select(_ => AckAllAsync()).ToArray();
        while (!stopping.IsCancellationRequested)
        {
            var subscription = $"{name}.{++_subscriptions}@{context.Sites[site].Name}";
            string end;
            try
            {
                end = await SubscribeAsync(subscription, stopping);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException or JsonException)
            {
                end = $"{exception.GetType().Name}: {(exception.InnerException ?? exception).Message}";
            }

            context.Journal.Write(new NoteEntry(context.Clock.Now, subscription, $"ended: {end}"));
            await Task.Delay(Pause, CancellationToken.None);
        }

        _received.Writer.Complete();
        await Task.WhenAll(acks);
    }

    public void Dispose()
    {
        _subscribing.Dispose();
        _acks.Dispose();
    }

    private async Task<string> SubscribeAsync(string subscription, CancellationToken stopping)
    {
        var path = $"/v1/data/stream/{context.Stream}/consumer/{consumer}?subject_name={context.Stream}.%3E";
        using var response = await _subscribing.SubscribeAsync(group is null ? path : $"{path}&delivery_group={group}", stopping);
        if (response.StatusCode is not HttpStatusCode.OK)
        {
            return Ended(subscription, (int)response.StatusCode, await response.Content.ReadAsStringAsync(stopping));
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var leave = new Timer(_ => LeaveIfUnruly(leaving));
        if (context.Unruly && _random.Next(2) == 0)
        {
            leave.Change(TimeSpan.FromSeconds(2 + (_random.NextDouble() * 15)), Timeout.InfiniteTimeSpan);
        }

        context.Journal.Write(new NoteEntry(context.Clock.Now, subscription, "open"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(leaving.Token), Encoding.UTF8);
        while (await reader.ReadLineAsync(leaving.Token) is { } line)
        {
            var json = JsonNode.Parse(line)!;
            if (!(bool)json["success"]!)
            {
                return Ended(subscription, (int)json["error"]!["code"]!, line);
            }

            Take(subscription, json);
        }

        return "end of stream";
    }

    private void LeaveIfUnruly(CancellationTokenSource leaving)
    {
        if (context.Unruly)
        {
            leaving.Cancel();
        }
    }

    private string Ended(string subscription, int code, string detail)
    {
        context.Journal.Write(new EndEntry(context.Clock.Now, subscription, code, detail));
        return $"{code} {detail}";
    }

    private void Take(string subscription, JsonNode line)
    {
        var sequence = (ulong)line["sequence"]!["stream"]!;
        var consumerSequence = (ulong)line["sequence"]!["consumer"]!;
        var message = Payload.NameOf(Convert.FromBase64String((string)line["b64_msg"]!));
        context.Journal.Write(new DeliveryEntry(context.Clock.Now, consumer, subscription, sequence, consumerSequence, message));
        context.Tally.CountDelivery();
        if (context.Unruly && _random.NextDouble() < ForgetChance)
        {
            return;
        }

        var through = _random.NextDouble() < OtherGatewayChance ? 1 - site : site;
        _received.Writer.TryWrite((through, Choose(), sequence, consumerSequence));
    }

    private Settling Choose() => !context.Verbs ? Settling.Ack : (context.Unruly, _random.NextDouble()) switch
    {
        (true, < NakChance) => Settling.Nak,
        (true, < NakChance + TermChance) => Settling.Term,
        (true, < NakChance + TermChance + ProgressChance) => Settling.Progress,
        (_, < 0.5) => Settling.SettledAck,
        _ => Settling.Ack,
    };

    private async Task AckAllAsync()
    {
        await foreach (var (through, settling, sequence, consumerSequence) in _received.Reader.ReadAllAsync())
        {
            await context.MayAcknowledgeAsync();
            await _acks.SettleAsync(through, settling, sequence, consumerSequence);
        }
    }
}
