using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Tests.Support;

/// <summary>
/// A server of NATS within this process, for units that hold a connection: it says what a test tells it to say, when the test says so.
/// </summary>
internal sealed class FakeNats : IAsyncDisposable
{
    private readonly List<Client> _clients = [];
    private readonly TcpListener _listener;
    private readonly Task _accepting;

    /// <param name="port">Where; 0: any port.</param>
    public FakeNats(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>The version of which it says it is.</summary>
    public string Version { get; init; } = "2.10.27";

    /// <summary>What it answers to a message with this subject: text, or <see cref="NobodyListens"/>; null: nothing.</summary>
    public Func<string, string?> Answer { get; set; } = static _ => null;

    /// <summary>The answer that makes it say that nobody listens.</summary>
    public static string NobodyListens => "NATS/1.0 503";

    /// <summary>Every message that clients published so far, with where its answer goes.</summary>
    public ConcurrentQueue<(string Subject, string ReplyTo)> Published { get; } = new();

    /// <summary>The subjects of those that await an answer.</summary>
    public IEnumerable<string> Asked =>
        Published.Where(static message => message.ReplyTo.Length > 0).Select(static message => message.Subject);

    /// <summary>Connections of clients that are open, each after its first PING.</summary>
    public int Connections
    {
        get
        {
            lock (_clients)
            {
                return _clients.Count(static client => client.IsGreeted);
            }
        }
    }

    /// <summary>Whether somebody has subscribed to exactly this.</summary>
    public bool HasSubscription(string subject)
    {
        lock (_clients)
        {
            return _clients.Exists(client => client.Subscriptions.Values.Contains(subject, StringComparer.Ordinal));
        }
    }

    /// <summary>Sends a message to whoever has subscribed to its subject.</summary>
    public void Publish(string subject, string text)
    {
        foreach (var (client, id) in SubscribersOf(subject))
        {
            client.Send(text == NobodyListens
                ? $"HMSG {subject} {id} 16 16\r\n{NobodyListens}\r\n\r\n\r\n"
                : $"MSG {subject} {id} {Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n");
        }
    }

    /// <summary>Says this line to all clients.</summary>
    public void Say(string line)
    {
        foreach (var client in Snapshot())
        {
            client.Send(line + "\r\n");
        }
    }

    /// <summary>Says that it is about to stop, and takes no more connections.</summary>
    public void EnterLameDuckMode()
    {
        _listener.Dispose();
        Say(Introduce(isLeaving: true));
    }

    /// <summary>Closes all connections.</summary>
    public void Cut() => Snapshot().ForEach(static client => client.Dispose());

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Cut();
        await _accepting;
        await Task.WhenAll(Snapshot().Select(static client => client.Done));
    }

    private string Introduce(bool isLeaving = false) =>
        $$"""INFO {"server_id":"fake","server_name":"fake","version":"{{Version}}","headers":true,"max_payload":1048576,"proto":1,"jetstream":true{{(isLeaving ? ",\"ldm\":true" : "")}}}""";

    private List<Client> Snapshot()
    {
        lock (_clients)
        {
            return [.. _clients];
        }
    }

    private List<(Client Client, string Id)> SubscribersOf(string subject)
    {
        lock (_clients)
        {
            return [.. _clients.SelectMany(
                client => client.Subscriptions.Where(sub => Covers(sub.Value, subject)).Select(sub => (client, sub.Key)))];
        }
    }

    private static bool Covers(string pattern, string subject)
    {
        var (parts, tokens) = (pattern.Split('.'), subject.Split('.'));
        return parts.Length == tokens.Length
            && parts.Zip(tokens).All(static pair => pair.First is "*" || string.Equals(pair.First, pair.Second, StringComparison.Ordinal));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = new Client(this, await _listener.AcceptTcpClientAsync());
                lock (_clients)
                {
                    _clients.Add(client);
                }

                client.Start();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private sealed class Client(FakeNats server, TcpClient socket) : IDisposable
    {
        private readonly NetworkStream _stream = socket.GetStream();

        public ConcurrentDictionary<string, string> Subscriptions { get; } = new(StringComparer.Ordinal);

        public bool IsGreeted { get; private set; }

        public Task Done { get; private set; } = Task.CompletedTask;

        public void Start() => Done = Task.Run(RunAsync);

        public void Send(string text)
        {
            try
            {
                lock (_stream)
                {
                    _stream.Write(Encoding.UTF8.GetBytes(text));
                }
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // It is gone.
            }
        }

        public void Dispose() => socket.Dispose();

        private async Task RunAsync()
        {
            using var reader = new StreamReader(_stream, Encoding.Latin1);
            try
            {
                Send(server.Introduce() + "\r\n");
                while (await reader.ReadLineAsync() is { } line)
                {
                    var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    switch (words is [] ? "" : words[0])
                    {
                        case "PING":
                            IsGreeted = true;
                            Send("PONG\r\n");
                            break;
                        case "SUB":
                            Subscriptions[words[^1]] = words[1];
                            break;
                        case "UNSUB":
                            Subscriptions.TryRemove(words[1], out _);
                            break;
                        case "PUB":
                            await TakeAsync(reader, words, numbers: 1);
                            break;
                        case "HPUB":
                            await TakeAsync(reader, words, numbers: 2);
                            break;
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // Cut.
            }
            finally
            {
                lock (server._clients)
                {
                    server._clients.Remove(this);
                }
            }
        }

        private async Task TakeAsync(StreamReader reader, string[] words, int numbers)
        {
            var payload = new char[int.Parse(words[^1]) + 2];
            await reader.ReadBlockAsync(payload);
            var (subject, replyTo) = (words[1], words.Length > 2 + numbers ? words[2] : string.Empty);
            server.Published.Enqueue((subject, replyTo));
            if (replyTo.Length > 0 && server.Answer(subject) is { } answer)
            {
                server.Publish(replyTo, answer);
            }
        }
    }
}
