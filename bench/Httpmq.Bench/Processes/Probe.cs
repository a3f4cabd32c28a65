using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Bench.Processes;

/// <summary>Asks the hook in a measured process (<c>StartupHook.cs</c>).</summary>
/// <param name="folder">Where its socket is.</param>
internal sealed class Probe(string folder)
{
    private readonly string _path = Path.Combine(folder, Guid.NewGuid().ToString("N"));

    /// <summary>With these settings a process has the hook.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["DOTNET_STARTUP_HOOKS"] = typeof(Probe).Assembly.Location,
        [StartupHook.SocketVariable] = _path,
    };

    /// <summary>Bytes that the process has allocated since its start, and the time its just-in-time compiler took.</summary>
    public (long AllocatedBytes, TimeSpan Compiling) Spent()
    {
        var figures = Ask(StartupHook.Spent).Split(' ');
        return (Number(figures[0]), TimeSpan.FromTicks(Number(figures[1])));
    }

    /// <summary>Bytes of managed memory that a full collection leaves.</summary>
    public long LiveBytes() => Number(Ask(StartupHook.Live));

    /// <summary>Bytes that were allocated of each type since this was asked before; the first time starts to count.</summary>
    public IReadOnlyDictionary<string, long> Types() => Ask(StartupHook.Types)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(static line => line.Split(' ', 2))
        .ToDictionary(static fields => fields[1], static fields => Number(fields[0]), StringComparer.Ordinal);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private string Ask(byte question)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_path));
        socket.Send([question]);
        using var answer = new MemoryStream();
        using var stream = new NetworkStream(socket);
        stream.CopyTo(answer);
        return Encoding.ASCII.GetString(answer.ToArray());
    }
}
