// Hands a webhook's body to the database with JDBC.  The body is on standard
// input; the second argument is a URL, jdbc:postgresql://host/database?user=...
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

public class IngestJdbc {
    /** body: the request's bytes, not decoded */
    static String ingestBody(Connection connection, byte[] body) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT loopit_ingest_webhook(?)")) {
            statement.setBytes(1, body);
            return outcome(statement);
        }
    }

    /** text: the request's body as a String */
    static String ingestText(Connection connection, String text) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT loopit_ingest_webhook_text(?)")) {
            statement.setString(1, text);
            return outcome(statement);
        }
    }

    static String outcome(PreparedStatement statement) throws SQLException {
        try (ResultSet result = statement.executeQuery()) {
            result.next();
            return result.getString(1);
        }
    }

    public static void main(String[] arguments) throws Exception {
        byte[] body = System.in.readAllBytes();
        try (Connection connection = DriverManager.getConnection(arguments[1])) {
            String outcome = arguments[0].equals("text")
                ? ingestText(connection, new String(body, StandardCharsets.UTF_8))
                : ingestBody(connection, body);
            System.out.println(outcome.replaceFirst(".*\"log_id\": (\\d+).*", "$1"));
        }
    }
}
