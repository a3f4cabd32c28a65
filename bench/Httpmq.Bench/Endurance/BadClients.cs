using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Httpmq.Bench.Http2;

namespace Httpmq.Bench.Endurance;

/// <summary>The catalogue of bad clients. They write to plain sockets, because no HTTP client does such things.</summary>
internal static class BadClients
{
    public const int Stalled = 20;

    private const int Slow = 50;
    private const int SlowBodies = 200;
    private const int Batches = 4;
    private const int EndlessHeaders = 50;
    private const int HugeBodies = 1;
    private const int Resetting = 4;
    private const int StreamsPerFlush = 50;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<BadClient> List { get; } =
    [
        new("stops-reading", $"{Stalled} subscribers with 10,000 messages of 1 KB each that read nothing", (prey, cancel) =>
            ManyAsync(Stalled, (index, _) => SubscribeAsync(prey, index, TimeSpan.MaxValue, cancel), cancel)),
        new("reads-slowly", $"{Slow} subscribers that read a byte a second", (prey, cancel) =>
            ManyAsync(Slow, (index, _) => SubscribeAsync(prey, Stalled + index, Second, cancel), cancel)),
        new("vanishes", "200 subscribers a second that ask and reset the connection", VanishAsync),
        new("sends-slowly", $"{SlowBodies} publishers that send their body a byte a second", (prey, cancel) =>
            ManyAsync(SlowBodies, (_, count) => SendBodyAsync(prey, "A"u8.ToArray(), Second, count, cancel), cancel)),
        new("greedy-batches", $"{Batches} batches of 30,000 records a second each, of which none is one", (prey, cancel) =>
            ManyAsync(Batches, (_, count) => SendBatchAsync(prey, count, cancel), cancel)),
        new("endless-headers", $"{EndlessHeaders} clients whose headers do not end, 1 KB every 10 ms", (prey, cancel) =>
            ManyAsync(EndlessHeaders, (_, count) => SendHeadersAsync(prey, count, cancel), cancel)),
        new("huge-bodies", $"{HugeBodies} publisher of 10 GB at up to 100 MB/s, again and again", (prey, cancel) => ManyAsync(
            HugeBodies, (_, count) => SendBodyAsync(prey, Filled(256 * 1024), TimeSpan.FromMilliseconds(10), count, cancel), cancel)),
        new("rapid-reset", $"100,000 HTTP/2 streams opened and reset at once, {Resetting} connections", ResetAsync),
        new("garbage", "200 connections a second with up to 4 KB of random bytes", GarbageAsync),
    ];

    /// <summary>The named kinds, or all. Throws <see cref="BenchException"/> for a name that does not exist.</summary>
    public static IReadOnlyList<BadClient> Select(IReadOnlyList<string> names) => names.Count == 0
        ? List
        : [.. names.Select(name => List.FirstOrDefault(kind => string.Equals(kind.Name, name, StringComparison.Ordinal))
            ?? throw new BenchException(
                $"no bad client is called '{name}'; there are {string.Join(", ", List.Select(kind => kind.Name))}"))];

    /// <summary>Many of a kind, each again and again until the end; the number of times that they did it.</summary>
    private static async Task<long> ManyAsync(int count, Func<int, Action, Task> one, CancellationToken cancel)
    {
        long done = 0;
        await Task.WhenAll(
            Enumerable.Range(0, count).Select(index => UntilAsync(() => one(index, () => Interlocked.Increment(ref done)), cancel)));
        return done;
    }

    private static async Task UntilAsync(Func<Task> once, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await once();
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // The gateway had enough of it: the next one.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<TcpClient> ConnectAsync(Prey prey, CancellationToken cancel)
    {
        var socket = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0), NoDelay = true };
        await socket.ConnectAsync(prey.Server.Host, prey.Server.Port, cancel);
        return socket;
    }

    private static byte[] Head(string method, string path, string more = "") =>
        Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}");

    /// <summary>Subscribes, and reads one byte per pause. When it is cut off, it does not come again.</summary>
    private static async Task SubscribeAsync(Prey prey, int consumer, TimeSpan pause, CancellationToken cancel)
    {
        using var socket = await ConnectAsync(prey, cancel);
        socket.ReceiveBufferSize = 4096;
        await socket.GetStream().WriteAsync(Head("GET", prey.SubscribePath(consumer), "\r\n"), cancel);
        var one = new byte[1];
        while (pause < TimeSpan.MaxValue && await socket.GetStream().ReadAsync(one, cancel) > 0)
        {
            await Task.Delay(pause, cancel);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
    }

    private static async Task<long> VanishAsync(Prey prey, CancellationToken cancel)
    {
        const int Batch = 20;
        return await PacedAsync(TimeSpan.FromMilliseconds(100), Batch, async () =>
        {
            using var socket = await ConnectAsync(prey, cancel);
            await socket.GetStream().WriteAsync(Head("GET", prey.SubscribePath(0), "\r\n"), cancel);
        }, cancel);
    }

    private static async Task SendBodyAsync(Prey prey, byte[] part, TimeSpan pause, Action count, CancellationToken cancel)
    {
        using var socket = await ConnectAsync(prey, cancel);
        using var over = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        await socket.GetStream().WriteAsync(Head("POST", prey.PublishPath, "Transfer-Encoding: chunked\r\n\r\n"), cancel);
        var answered = AnswerAsync(socket, over, cancel);
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{part.Length:x}\r\n"), .. part, .. "\r\n"u8];
        count();
        while (!answered.IsCompleted)
        {
            await socket.GetStream().WriteAsync(chunk, cancel);
            await Task.WhenAny(answered, Task.Delay(pause, cancel));
        }
    }

    /// <summary>Sends records that are none, and reads nothing of what is said about them.</summary>
    private static async Task SendBatchAsync(Prey prey, Action count, CancellationToken cancel)
    {
        const int Records = 3000;
        using var socket = await ConnectAsync(prey, cancel);
        await socket.GetStream().WriteAsync(Head("POST", "/v1/data/publish", "Transfer-Encoding: chunked\r\n\r\n"), cancel);
        var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{}\n", Records)));
        byte[] chunk = [.. Encoding.ASCII.GetBytes($"{lines.Length:x}\r\n"), .. lines, .. "\r\n"u8];
        count();
        while (true)
        {
            await socket.GetStream().WriteAsync(chunk, cancel);
            await Task.Delay(100, cancel);
        }
    }

    private static async Task SendHeadersAsync(Prey prey, Action count, CancellationToken cancel)
    {
        using var socket = await ConnectAsync(prey, cancel);
        using var over = new CancellationTokenSource();
        await socket.GetStream().WriteAsync(Head("GET", "/v1/data/alive"), cancel);
        var answered = AnswerAsync(socket, over, cancel);
        var header = Encoding.ASCII.GetBytes($"X-More: {new string('x', 1024)}\r\n");
        count();
        while (!answered.IsCompleted)
        {
            await socket.GetStream().WriteAsync(header, cancel);
            await Task.Delay(10, cancel);
        }
    }

    /// <summary>Completes with the gateway's first word, or when it closes the connection.</summary>
    private static async Task AnswerAsync(TcpClient socket, CancellationTokenSource over, CancellationToken cancel)
    {
        try
        {
            _ = await socket.GetStream().ReadAsync(new byte[1], cancel);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // That is an answer, too.
        }

        await over.CancelAsync();
    }

    private static async Task<long> ResetAsync(Prey prey, CancellationToken cancel)
    {
        const int Streams = 100_000;
        var head = RequestHead.Post(prey.Server, prey.PublishPath, 100).Block;
        long opened = 0;
        await Task.WhenAll(Enumerable.Range(0, Resetting).Select(_ => UntilAsync(async () =>
        {
            if (Volatile.Read(ref opened) >= Streams)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            }

            using var socket = await ConnectAsync(prey, cancel);
            await socket.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancel);
            await socket.GetStream().WriteAsync(Frame(FrameHead.Settings, 0, 0, []), cancel);
            for (var stream = 1; Interlocked.Add(ref opened, StreamsPerFlush) <= Streams; stream += 2 * StreamsPerFlush)
            {
                var frames = Enumerable.Range(0, StreamsPerFlush).SelectMany(index => (byte[])
                [
                    .. Frame(FrameHead.Headers, FrameHead.EndHeaders, stream + (2 * index), head),
                    .. Frame(FrameHead.Reset, 0, stream + (2 * index), [0, 0, 0, 8]),
                ]);
                await socket.GetStream().WriteAsync(frames.ToArray(), cancel);
            }
        }, cancel)));
        return Math.Min(opened, Streams);
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[FrameHead.Length + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHead.Length);
        return frame;
    }

    private static async Task<long> GarbageAsync(Prey prey, CancellationToken cancel)
    {
        const int Batch = 20;
        var random = new Random(5);
        return await PacedAsync(TimeSpan.FromMilliseconds(100), Batch, async () =>
        {
            var garbage = new byte[random.Next(1, 4096)];
            random.NextBytes(garbage);
            using var socket = await ConnectAsync(prey, cancel);
            await socket.GetStream().WriteAsync(garbage, cancel);
        }, cancel);
    }

    private static async Task<long> PacedAsync(TimeSpan interval, int batch, Func<Task> once, CancellationToken cancel)
    {
        long done = 0;
        using var timer = new PeriodicTimer(interval);
        await UntilAsync(async () =>
        {
            await timer.WaitForNextTickAsync(cancel);
            for (var index = 0; index < batch; index++)
            {
                await once();
                done++;
            }
        }, cancel);
        return done;
    }

    private static byte[] Filled(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)'A');
        return bytes;
    }
}
