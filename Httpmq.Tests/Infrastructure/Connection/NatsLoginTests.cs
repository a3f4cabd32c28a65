using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using NATS.NKeys;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>Each way to log in, at a nats-server that demands it.</summary>
[Parallelizable]
internal sealed class NatsLoginTests : NatsAccessFixture
{
    private const string User = "us@er:/%";
    private const string Password = "p@ss:/%w? #rd";

    private static string PasswordConfiguration => $$"""authorization { user: "{{User}}", password: "{{Password}}" }""";

    [Test]
    public async Task User_PasswordInAFile_LogsIn()
    {
        var nats = await ServeAsync(PasswordConfiguration);
        var login = NatsLogin.OfUser(User, Secret.InFile(Write("password", Password + "\n")));

        await WorksAsync(await StartGatewayAsync(nats.Url, options => options with { Login = login }));
    }

    [Test]
    public async Task User_InTheUri_LogsInWithWhatWasEscaped()
    {
        var nats = await ServeAsync(PasswordConfiguration);
        var login = $"{Uri.EscapeDataString(User)}:{Uri.EscapeDataString(Password)}";

        await WorksAsync(await StartGatewayAsync($"nats://{login}@127.0.0.1:{nats.Port}", static options => options));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Token_OfTheSettingOrTheUri_LogsIn(bool inUri)
    {
        var nats = await ServeAsync("""authorization { token: "s3cr@t" }""");

        await WorksAsync(inUri
            ? await StartGatewayAsync($"nats://s3cr%40t@127.0.0.1:{nats.Port}", static options => options)
            : await StartGatewayAsync(nats.Url, static options => options with { Login = NatsLogin.OfToken(Secret.OfText("s3cr@t")) }));
    }

    [TestCase("{0}\n")]
    [TestCase("-----BEGIN USER NKEY SEED-----\n{0}\n------END USER NKEY SEED------\n")]
    public async Task NKey_SeedInAFile_LogsIn(string form)
    {
        using var pair = KeyPair.CreatePair(PrefixByte.User);
        var nats = await ServeAsync($$"""authorization { users: [ { nkey: {{pair.GetPublicKey()}} } ] }""");
        var login = NatsLogin.OfNKey(Secret.InFile(Write("user.nk", string.Format(null, form, pair.GetSeed()))));

        await WorksAsync(await StartGatewayAsync(nats.Url, options => options with { Login = login }));
    }

    /// <summary>The server ends the connection when credentials run out, and the client library would not read the file again.</summary>
    [Test]
    public async Task Credentials_RunOutAndAreRenewed_LogInAgain()
    {
        using var nsc = new TestOperator();
        var nats = await ServeAsync(nsc.Configuration);
        var file = Write("user.creds", nsc.Credentials(TimeSpan.FromSeconds(4)));
        var login = NatsLogin.OfCredentials(Secret.InFile(file)) with { SettingName = "nats.login.creds_file" };
        var client = await StartGatewayAsync(nats.Url, options => options with { Login = login });
        await OwnGateway.IsReadyAsync(client);

        await ProblemAsync(client, "nats-server refuses the gateway's login (");
        await ProblemAsync(client, "correct nats.login.creds_file");
        await File.WriteAllTextAsync(file, nsc.Credentials());

        await WorksAsync(client);
    }

    [Test]
    public async Task Wrong_ManyTimes_SaysSoAndGoesOnUntilItIsRight()
    {
        var nats = await ServeAsync(PasswordConfiguration);
        var file = Write("password", "wrong-secret");
        var login = NatsLogin.OfUser(User, Secret.InFile(file)) with { SettingName = "nats.login.password_file" };
        var client = await StartGatewayAsync(nats.Url, options => options with { Login = login });

        var told = await ProblemAsync(
            client, "nats-server refuses the gateway's login (Authorization Violation); correct nats.login.password_file");
        Assert.That(told, Does.Not.Contain("wrong-secret").And.Not.Contain(User));
        await Eventually.HoldsAsync(
            () => nats.Errors.Split("authentication error").Length > 5, "several attempts of both connections that were refused");
        await File.WriteAllTextAsync(file, Password);

        await WorksAsync(client);
    }

    [Test]
    public async Task None_WhereOneIsDemanded_SaysWhatToSet()
    {
        var nats = await ServeAsync(PasswordConfiguration);
        var client = await StartGatewayAsync(nats.Url, static options => options with { LoginSettingName = "nats.login" });

        await ProblemAsync(client, "nats-server demands a login (Authorization Violation); set nats.login");
    }

    [TestCase(null, "nats.login.creds_file: '{0}' does not exist")]
    [TestCase("", "nats.login.creds_file: '{0}' is empty")]
    [TestCase("hello", "nats.login.creds_file: '{0}' holds no JWT of a user (behind BEGIN NATS USER JWT)")]
    [TestCase("-----BEGIN NATS USER JWT-----\nsecret\n",
        "nats.login.creds_file: '{0}' holds no seed of a user (behind BEGIN USER NKEY SEED)")]
    public async Task Credentials_FileThatIsOfNoUse_IsNamed(string? text, string says)
    {
        using var nsc = new TestOperator();
        var nats = await ServeAsync(nsc.Configuration);
        var file = Path.Combine(Folder, "user.creds");
        if (text is not null)
        {
            await File.WriteAllTextAsync(file, text);
        }

        var login = NatsLogin.OfCredentials(Secret.InFile(file)) with { SettingName = "nats.login.creds_file" };
        var client = await StartGatewayAsync(nats.Url, options => options with { Login = login });
        await ProblemAsync(client, string.Format(null, says, file));

        await File.WriteAllTextAsync(file, nsc.Credentials());
        await OwnGateway.IsReadyAsync(client);
    }

    /// <summary>The connection of deliveries is opened again by the client library, which then says nothing of a file.</summary>
    [Test]
    public async Task Credentials_GoneWhileConnected_AreNamedByBothConnectionsWhenTheServerIsBack()
    {
        using var nsc = new TestOperator();
        var nats = await ServeAsync(nsc.Configuration);
        var file = Write("user.creds", nsc.Credentials());
        var login = NatsLogin.OfCredentials(Secret.InFile(file)) with { SettingName = "nats.login.creds_file" };
        var client = await StartGatewayAsync(nats.Url, options => options with { Login = login });
        await OwnGateway.IsReadyAsync(client);

        File.Delete(file);
        await nats.KillAsync();
        await StartAsync(nats);
        await ProblemAsync(client, $"nats.login.creds_file: '{file}' does not exist");

        await File.WriteAllTextAsync(file, nsc.Credentials());
        await WorksAsync(client);
    }
}
