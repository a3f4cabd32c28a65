using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>Other users of the machine get neither into the embedded nats-server nor into its data folder.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class EmbeddedAccessTests : EmbeddedNatsFixture
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const UnixFileMode Usual =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private string Data => Path.Combine(Folder, "data");

    private string Key => Path.Combine(Data, "nats-server.nk");

    [Test]
    public async Task Start_NewFolder_IsForItsOwnerAloneWithEverythingInIt()
    {
        var server = await StartInDataAsync();
        await using (var connection = Connect(server))
        {
            await new NatsJSContext(connection).CreateStreamAsync(new StreamConfig("s", ["s"]));
        }

        var open = Directory.EnumerateFileSystemEntries(Data, "*", SearchOption.AllDirectories).Append(Data)
            .Where(static entry => (File.GetUnixFileMode(entry) & Others) != UnixFileMode.None);

        Assert.That(open, Is.Empty);
        Assert.That(Log.Lines.Where(static line => line.Level >= LogLevel.Warning), Is.Empty);
    }

    [TestCase("")]
    [TestCase("\"user\":\"httpmq\",\"pass\":\"\"")]
    [TestCase("\"auth_token\":\"\"")]
    public async Task Connect_WithoutTheKey_IsRefused(string login)
    {
        var server = await StartInDataAsync();

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PortOf(server));
        using var reader = new StreamReader(client.GetStream());
        await reader.ReadLineAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {{{login}}}\r\nSUB > 1\r\nPING\r\n"));

        Assert.That(await reader.ReadToEndAsync(), Does.StartWith("-ERR 'Authorization Violation'").And.Not.Contain("PONG"));
    }

    [Test]
    public async Task Connect_WithTheKeyOfTheFile_Works()
    {
        var server = await StartInDataAsync();

        await using var connection = new NatsConnection(ClientSettings.Of(
            new NatsOptions { Url = server.ServerUri, Login = NatsLogin.OfNKey(Secret.InFile(Key)) }));

        Assert.That((await new NatsJSContext(connection).GetAccountInfoAsync()).Streams, Is.Zero);
    }

    [Test]
    public async Task Key_AfterARestartAndAStop_IsTheSameAndGone()
    {
        var server = await StartInDataAsync();
        var key = await File.ReadAllTextAsync(Key);
        var killed = server.ProcessId!.Value;
        Kill(killed);
        await Eventually.HoldsAsync(
            () => server.State == EmbeddedNatsState.Running && server.ProcessId is { } now && now != killed, "it runs again");

        Assert.That(await File.ReadAllTextAsync(Key), Is.EqualTo(key));
        await using (var connection = Connect(server))
        {
            await connection.PingAsync();
        }

        await server.StopAsync(CancellationToken.None);
        Assert.That(File.Exists(Key), Is.False);
    }

    [Test]
    public async Task Secrets_OfARunningServer_AreInNoArgumentAndNoConfiguration()
    {
        var server = await StartInDataAsync();
        var seed = (await File.ReadAllTextAsync(Key)).Trim();

        var arguments = await File.ReadAllTextAsync($"/proc/{server.ProcessId}/cmdline");
        var configuration = await File.ReadAllTextAsync(Path.Combine(Data, "nats-server.conf"));

        Assert.That(arguments + configuration + string.Join('\n', Log.Lines), Does.Not.Contain(seed).And.Contain("nkey"));
    }

    [Test]
    public async Task Start_FolderOfAnEarlierVersion_IsClosedAndSaidOnce()
    {
        var first = await StartInDataAsync();
        await first.StopAsync(CancellationToken.None);
        foreach (var entry in new[] { Data, Path.Combine(Data, "jetstream"), Path.Combine(Data, "nats-server.conf") })
        {
            File.SetUnixFileMode(entry, Usual);
        }

        await (await StartInDataAsync()).StopAsync(CancellationToken.None);
        await StartInDataAsync();

        Assert.That(Log.Lines.Where(static line => line.Level >= LogLevel.Warning).Select(static line => line.Text), Is.EqualTo(new[]
        {
            $"Other users of this machine could enter the data folder '{Data}'; from now on only its owner can (mode 0700)",
        }));
        foreach (var entry in new[] { Data, Path.Combine(Data, "jetstream"), Path.Combine(Data, "nats-server.conf") })
        {
            Assert.That(File.GetUnixFileMode(entry) & Others, Is.EqualTo(UnixFileMode.None), entry);
        }
    }

    /// <summary>It may be somebody's home.</summary>
    [Test]
    public async Task Start_FolderWithOtherThings_IsLeftAndItsStoreClosed()
    {
        Directory.CreateDirectory(Data, Usual);
        await File.WriteAllTextAsync(Path.Combine(Data, "letter.txt"), "hello");

        await StartInDataAsync();

        Assert.That(File.GetUnixFileMode(Data), Is.EqualTo(Usual));
        Assert.That(File.GetUnixFileMode(Path.Combine(Data, "jetstream")) & Others, Is.EqualTo(UnixFileMode.None));
        Assert.That(File.GetUnixFileMode(Key) & Others, Is.EqualTo(UnixFileMode.None));
        Assert.That(Log.Lines.Select(static line => line.Text), Has.One.EqualTo(
            $"Other users of this machine can enter the data folder '{Data}'. It was left so because it holds 'letter.txt'; its store is "
                + "closed to them"));
    }

    [Test]
    public async Task Folder_AnotherUser_ReadsNothing()
    {
        Assume.That(Environment.IsPrivilegedProcess && NatsServerCommand.FindSetpriv() is not null, "needs root and setpriv");

        // The test's own folder is closed to others, too, and would hide that the server's is.
        File.SetUnixFileMode(Folder, Usual);
        await StartInDataAsync();

        foreach (var file in new[] { Key, Path.Combine(Data, "nats-server.conf") })
        {
            Assert.That(await ReadAsNobodyAsync(file), Does.Contain("Permission denied"));
        }

        Assert.That(await ReadAsNobodyAsync("/etc/hostname"), Does.Not.Contain("Permission denied"));
    }

    private Task<EmbeddedNatsServer> StartInDataAsync() => StartAsync(options => options with { DataFolder = Data });

    private static async Task<string> ReadAsNobodyAsync(string file)
    {
        using var process = Process.Start(new ProcessStartInfo(
            NatsServerCommand.FindSetpriv()!, ["--reuid", "65534", "--regid", "65534", "--clear-groups", "cat", file])
        { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return await output + await errors;
    }
}
